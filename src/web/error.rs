//! The answer to "no": one error, with what is wrong by field where that is known, noted on the request by whoever refuses
//! and drawn once, by the catcher or with the form again.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use data_encoding::HEXLOWER;
use rocket::Request;
use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder, Response};
use serde::{Serialize, Serializer};

use crate::auth::Failure;
use crate::model::random_bytes;

/// When to come back after a 503: the queue of passwords and the patience with a locked database are about as long.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// When to come back to an account that is locked: soon, because it may be opened elsewhere meanwhile.
const RETRY_LOCKED: Duration = Duration::from_secs(30);

/// Why a request is not answered with what was asked for. Pages return it with `?`; the catcher draws it.
#[derive(Clone, Debug)]
pub struct Error {
    pub status: Status,
    /// What kind of problem it is, where the status does not say enough.
    pub kind: ProblemKind,
    /// A sentence for whoever asked; each status has one of its own.
    pub says: Option<Cow<'static, str>>,
    pub problems: Problems,
    pub retry_after: Option<Duration>,
    /// The methods that the address has.
    pub allow: Option<String>,
    /// What could not be done, for the log alone.
    pub cause: Option<String>,
}

/// The `type` of a problem (RFC 9457 §3.1.1), for programs to tell apart what the status does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum ProblemKind {
    #[default]
    #[serde(rename = "about:blank")]
    Usual,
    /// The password was right: send the code of two-factor authentication too.
    #[serde(rename = "urn:vestibule:problem:code-needed")]
    CodeNeeded,
    /// Prove who you are at `/confirm`, then ask again.
    #[serde(rename = "urn:vestibule:problem:confirmation-needed")]
    ProofNeeded,
}

impl Error {
    /// An error of which the status says it all.
    pub fn of(status: Status) -> Self {
        let (kind, problems) = (ProblemKind::Usual, Problems::default());
        Self { status, kind, problems, says: None, retry_after: None, allow: None, cause: None }
    }

    pub fn saying(status: Status, says: impl Into<Cow<'static, str>>) -> Self {
        Self { says: Some(says.into()), ..Self::of(status) }
    }

    /// Some of what was sent breaks a rule.
    pub fn fields(problems: Problems) -> Self {
        Self { problems, ..Self::saying(Status::UnprocessableEntity, "Some of this needs another look.") }
    }

    /// The same error, with what is wrong with a field.
    pub fn with(mut self, field: &'static str, says: impl fmt::Display) -> Self {
        self.problems.add(field, says);
        self
    }

    pub fn of_kind(self, kind: ProblemKind) -> Self {
        Self { kind, ..self }
    }

    /// Nothing, until somebody proves who they are.
    pub fn proof_needed() -> Self {
        let says = "Confirm at /confirm that it is you, then ask again.";
        Self { kind: ProblemKind::ProofNeeded, ..Self::saying(Status::Forbidden, says) }
    }

    /// The address takes these methods alone.
    pub fn method_not_allowed(allow: String) -> Self {
        Self { allow: Some(allow), ..Self::of(Status::MethodNotAllowed) }
    }

    /// Whoever asked has no session, or none any more.
    pub fn no_session() -> Self {
        Self::of(Status::Unauthorized)
    }

    /// Notes it for the catcher, and says under which status it is answered.
    pub fn note(self, request: &Request<'_>) -> Status {
        let status = self.status;
        // Whatever is noted first is what happened.
        let _ = noted(request).set(self);
        status
    }

    /// Why a request is answered with this status, as far as somebody noted it.
    pub fn noted(status: Status, request: &Request<'_>) -> Self {
        noted(request).get().filter(|error| error.status == status).cloned().unwrap_or_else(|| Self::of(status))
    }
}

fn noted<'r>(request: &'r Request<'_>) -> &'r OnceLock<Error> {
    request.local_cache(OnceLock::new)
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let (status, says) = match failure {
            Failure::TooMany(_) | Failure::Locked(_) => {
                let retry_after = if let Failure::TooMany(wait) = failure { wait } else { RETRY_LOCKED };
                let says = failure.to_string();
                return Self { retry_after: Some(retry_after), ..Self::saying(Status::TooManyRequests, says) };
            }
            Failure::Busy => {
                (Status::ServiceUnavailable, "Many people are logging in right now. Please try again in a moment.")
            }
            Failure::Away(_) => (
                Status::ServiceUnavailable,
                "We cannot reach our records right now. Nothing was changed. Please try again in a moment.",
            ),
            Failure::Unexpected(_) | Failure::NoRandomness => {
                (Status::InternalServerError, "Something went wrong on our side. Nothing was changed.")
            }
        };
        let retry_after = (status == Status::ServiceUnavailable).then_some(RETRY_AFTER);
        Self { retry_after, cause: Some(failure.to_string()), ..Self::saying(status, says) }
    }
}

impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Err(self.note(request))
    }
}

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
}

/// An error as programs read it (RFC 9457).
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: ProblemKind,
    title: &'static str,
    status: u16,
    detail: &'a str,
    request_id: &'a RequestId,
    #[serde(skip_serializing_if = "Problems::is_empty", serialize_with = "by_field")]
    errors: &'a Problems,
}

/// The answer to a program: `detail` is the sentence.
pub(super) fn problem(request: &Request<'_>, error: &Error, detail: &str) -> response::Result<'static> {
    let body = serde_json::to_string(&Problem {
        kind: error.kind,
        title: error.status.reason_lossy(),
        status: error.status.code,
        detail,
        request_id: RequestId::of(request),
        errors: &error.problems,
    });
    let body = body.map_err(|_| Status::InternalServerError)?;
    Response::build()
        .status(error.status)
        .header(ContentType::new("application", "problem+json"))
        .sized_body(body.len(), std::io::Cursor::new(body))
        .ok()
}

/// As an object of sentences by field; templates get them as a list.
fn by_field<S: Serializer>(problems: &Problems, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(problems.0.iter().map(|problem| (&problem.field, &problem.says)))
}

/// What asks a program for a name and a password. Not for people: it would open the browser's own dialog.
pub(super) fn challenge() -> Header<'static> {
    Header::new("WWW-Authenticate", r#"Basic realm="vestibule", charset="UTF-8""#)
}

/// Names one request in our answer and in our log, so that a person can point us at it.
#[derive(Clone, Debug, derive_more::Display, Serialize)]
pub struct RequestId(String);

impl RequestId {
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self(HEXLOWER.encode(&random_bytes::<8>().unwrap_or_default())))
    }
}
