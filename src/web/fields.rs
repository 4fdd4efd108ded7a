//! The fields of a form, read by what serde derives of its struct. One that is wrong does not end the reading, so that all
//! that is wrong is told at once.

use std::cell::RefCell;

use serde::de::value::{Error, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use zeroize::Zeroizing;

use super::Problems;

/// How many problems are told at the most.
const MOST_PROBLEMS: usize = 10;

pub(super) enum Value {
    Text(Zeroizing<String>),
    Bool(bool),
    /// Bytes that are no UTF-8.
    Unreadable,
    /// A number, null, list or object.
    Other(&'static str),
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            // The very bytes that were read; they are wiped when this is dropped.
            serde_json::Value::String(text) => Self::Text(Zeroizing::new(text)),
            serde_json::Value::Bool(is_so) => Self::Bool(is_so),
            serde_json::Value::Number(_) => Self::Other("a number"),
            serde_json::Value::Null => Self::Other("null"),
            serde_json::Value::Array(_) => Self::Other("a list"),
            serde_json::Value::Object(_) => Self::Other("an object"),
        }
    }
}

/// Reads a struct of texts (`String`, `Zeroizing<String>`) and ticks (`bool`) that has a default for each, and adds to the
/// problems whatever does not fit it.
pub(super) fn read_fields<T: DeserializeOwned>(
    sent: Vec<(String, Value)>,
    problems: &mut Problems,
) -> Result<T, Error> {
    let found = RefCell::new(problems);
    T::deserialize(Fields { sent, problems: &found })
}

struct Fields<'a, 'p> {
    sent: Vec<(String, Value)>,
    problems: &'a RefCell<&'p mut Problems>,
}

impl<'de> Deserializer<'de> for Fields<'_, '_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut sent = self.sent;
        let take = |name: &&'static str| {
            let at = sent.iter().position(|(sent, _)| sent == name)?;
            Some((*name, Field { name, value: sent.remove(at).1, problems: self.problems }))
        };
        let fields: Vec<_> = known.iter().filter_map(take).collect();
        let read = visitor.visit_map(MapDeserializer::new(fields.into_iter()));
        // Whatever is left was not asked for.
        for (name, _) in sent.into_iter().take(MOST_PROBLEMS) {
            let is_repeated = known.contains(&name.as_str());
            let says = if is_repeated { "This was sent more than once." } else { "There is no such field here." };
            let name: String = name.chars().take(64).collect();
            self.problems.borrow_mut().add(name, says);
        }
        read
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_struct("", &[], visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Field<'a, 'p> {
    name: &'static str,
    value: Value,
    problems: &'a RefCell<&'p mut Problems>,
}

impl Field<'_, '_> {
    fn refuse(&self, wanted: &str, got: &str) {
        self.problems.borrow_mut().add(self.name, format_args!("Send {wanted} here, not {got}."));
    }
}

impl<'de> IntoDeserializer<'de> for Field<'_, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Field<'_, '_> {
    type Error = Error;

    /// A text; empty where there is a problem with it.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.value {
            Value::Text(text) => return visitor.visit_string(text.to_string()),
            Value::Bool(_) => self.refuse("text", "true or false"),
            Value::Other(kind) => self.refuse("text", kind),
            Value::Unreadable => {
                let says = "Some characters could not be read. Type it again.";
                self.problems.borrow_mut().add(self.name, says);
            }
        }
        visitor.visit_string(String::new())
    }

    /// A tick: `true` or `false`, as JSON or in letters; a browser's ticked box says `on` where nothing else is written on
    /// it.
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.value {
            Value::Bool(ticked) => return visitor.visit_bool(*ticked),
            Value::Text(text) if matches!(text.as_str(), "true" | "on") => return visitor.visit_bool(true),
            Value::Text(text) if text.as_str() == "false" => {}
            Value::Text(_) | Value::Unreadable => self.refuse("true or false", "other text"),
            Value::Other(kind) => self.refuse("true or false", kind),
        }
        visitor.visit_bool(false)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct struct map enum identifier ignored_any
    }
}
