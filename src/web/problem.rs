//! The answer to "no" where no page of a form can give it: a refusal is noted on the request by whoever refuses, and
//! drawn once, by the catcher.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rocket::Request;
use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder, Response};
use serde::Serialize;

use super::headers::add_security_headers;
use super::page::draw;
use super::problems::ByField;
use super::{Asker, Page, Problems, RequestId};
use crate::auth::TooMany;

/// The `type` of a problem (RFC 9457 §3.1.1), for programs to tell apart what the status does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProblemKind {
    /// The status says it all.
    #[default]
    Usual,
    /// The password was right: send the code of the second step too.
    CodeNeeded,
    /// Prove who you are at `/confirm`, then ask again.
    ProofNeeded,
}

impl ProblemKind {
    /// The URI that names it.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Usual => "about:blank",
            Self::CodeNeeded => "urn:vestibule:problem:code-needed",
            Self::ProofNeeded => "urn:vestibule:problem:confirmation-needed",
        }
    }
}

/// Why a request is refused, beside the status.
#[derive(Clone, Debug, Default)]
pub struct Refusal {
    /// What kind of problem it is, where the status does not say enough.
    pub kind: ProblemKind,
    /// A sentence for whoever asked; each status has one of its own.
    pub says: Option<Cow<'static, str>>,
    /// What is wrong with what was sent.
    pub problems: Problems,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// The methods that the address has.
    pub allow: Option<String>,
}

impl Refusal {
    /// A refusal that says this.
    pub fn saying(says: impl Into<Cow<'static, str>>) -> Self {
        Self { says: Some(says.into()), ..Self::default() }
    }

    /// A refusal until somebody proves who they are.
    pub fn needing_proof() -> Self {
        Self { kind: ProblemKind::ProofNeeded, ..Self::saying("Confirm at /confirm that it is you, then ask again.") }
    }
}

impl From<TooMany> for Refusal {
    fn from(too_many: TooMany) -> Self {
        Self { retry_after: Some(too_many.wait), ..Self::saying(too_many.to_string()) }
    }
}

/// Notes why `status` is about to be answered, and gives it back.
pub fn refuse(request: &Request<'_>, status: Status, refusal: Refusal) -> Status {
    *noted(request).lock().unwrap_or_else(PoisonError::into_inner) = refusal;
    status
}

/// Why the request was refused, where somebody said it.
pub fn refusal_of(request: &Request<'_>) -> Refusal {
    noted(request).lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn noted<'r>(request: &'r Request<'_>) -> &'r Mutex<Refusal> {
    request.local_cache(|| Mutex::new(Refusal::default()))
}

/// A problem as programs read it (RFC 9457).
#[derive(Serialize)]
pub(super) struct Problem<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub title: &'a str,
    pub status: u16,
    pub detail: &'a str,
    pub request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<ByField<'a>>,
}

impl<'a> Problem<'a> {
    pub(super) fn new(
        request: &Request<'_>,
        kind: ProblemKind,
        status: Status,
        detail: &'a str,
        problems: &'a Problems,
    ) -> Self {
        Self {
            kind: kind.uri(),
            title: status.reason_lossy(),
            status: status.code,
            detail,
            request_id: RequestId::of(request).to_string(),
            errors: (!problems.is_empty()).then(|| problems.by_field()),
        }
    }

    pub(super) fn respond(&self, status: Status) -> response::Result<'static> {
        let body = serde_json::to_string(self).map_err(|_| Status::InternalServerError)?;
        Response::build()
            .status(status)
            .header(ContentType::new("application", "problem+json"))
            .sized_body(body.len(), std::io::Cursor::new(body))
            .ok()
    }
}

/// A refusal drawn: as a page or as a problem. It carries the security headers by itself, because Rocket runs no fairing
/// on the refusals it makes before routing (a method it does not know, an address it cannot read).
pub struct Drawn<P> {
    /// What it is about.
    pub status: Status,
    /// The sentence for whoever asked.
    pub says: Cow<'static, str>,
    /// Everything else.
    pub refusal: Refusal,
    /// The page for people.
    pub page: P,
}

impl<'r, P: Page> Responder<'r, 'static> for Drawn<P> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let drawn = match Asker::of(request) {
            Asker::Program => Problem::new(request, self.refusal.kind, self.status, &self.says, &self.refusal.problems)
                .respond(self.status),
            Asker::Person => draw(request, &self.page),
        };
        // Even a template that cannot be drawn leaves a sentence.
        let mut response = drawn.or_else(|_| {
            let body = self.says.into_owned();
            Response::build()
                .header(ContentType::Plain)
                .sized_body(body.len(), std::io::Cursor::new(body))
                .ok::<Status>()
        })?;
        response.set_status(self.status);
        if let Some(wait) = self.refusal.retry_after {
            response.set_header(Header::new("Retry-After", wait.as_secs().max(1).to_string()));
        }
        if let Some(methods) = self.refusal.allow {
            response.set_header(Header::new("Allow", methods));
        }
        add_security_headers(request, &mut response);
        Ok(response)
    }
}
