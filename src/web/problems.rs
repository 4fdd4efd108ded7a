use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// What is wrong with a form, by field, in the order of the fields.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Problems(Vec<FieldProblem>);

#[derive(Clone, Debug, Serialize)]
struct FieldProblem {
    field: Cow<'static, str>,
    says: String,
}

impl Problems {
    pub fn with(field: &'static str, says: impl fmt::Display) -> Self {
        let mut problems = Self::default();
        problems.add(field, says);
        problems
    }

    /// Adds a problem, as a sentence. A field that has one already keeps it: one thing at a time.
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, says: impl fmt::Display) {
        let field = field.into();
        if !self.0.iter().any(|known| known.field == field) {
            self.0.push(FieldProblem { field, says: says.to_string() });
        }
    }

    /// The value, or a problem with its field.
    pub fn take<T>(&mut self, field: &'static str, result: Result<T, impl fmt::Display>) -> Option<T> {
        result.map_err(|says| self.add(field, says)).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same as the `errors` of a problem answer: an object of sentences by field.
    pub fn by_field(&self) -> ByField<'_> {
        ByField(self)
    }
}

/// Problems as a JSON object.
pub struct ByField<'a>(&'a Problems);

impl Serialize for ByField<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.0.iter().map(|problem| (&problem.field, &problem.says)))
    }
}
