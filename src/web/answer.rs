//! What a page answers: one value, shown to people and given to programs.

use rocket::Request;
use rocket::http::{Header, Status};
use rocket::response::{self, Responder, Response};
use rocket::serde::json::Json;
use serde::Serialize;

use super::page::{draw, draw_often};
use super::problem::Problem;
use super::{Asker, Failed, FormPage, Page, ProblemKind, Refusal, refuse};
use crate::auth::TooMany;

/// Shows a page: drawn for people, as its data to programs.
pub struct Show<P>(pub P);

/// What follows on a form that was taken: people are led on, programs get what was made.
pub struct Next<D> {
    /// One of our own addresses.
    pub to: String,
    /// What programs get, and under which status.
    pub made: (Status, D),
}

/// What follows on a form that was not taken.
pub enum Retry<P> {
    /// The page again, saying what to change.
    Page {
        /// What kind of no it is.
        status: Status,
        /// The same for programs, where the status does not say enough.
        kind: ProblemKind,
        /// The same in a sentence.
        says: String,
        /// The form with its problems.
        page: Box<P>,
    },
    /// We could not do it.
    Failed(Failed),
    /// The catcher says the rest.
    Refused(Status, Refusal),
}

/// How a form's handler ends.
pub type Submitted<D, P> = Result<Next<D>, Retry<P>>;

impl<P: FormPage> Retry<P> {
    /// The page again, because fields break a rule.
    pub fn fields(page: P) -> Self {
        Self::Page {
            status: Status::UnprocessableEntity,
            kind: ProblemKind::Usual,
            says: "Some of this needs another look.".to_owned(),
            page: Box::new(page),
        }
    }

    /// The page again, for another reason.
    pub fn because(status: Status, says: impl std::fmt::Display, page: P) -> Self {
        Self::Page { status, kind: ProblemKind::Usual, says: says.to_string(), page: Box::new(page) }
    }

    /// The same, of another kind for programs.
    pub fn of_kind(self, of: ProblemKind) -> Self {
        match self {
            Self::Page { status, says, page, .. } => Self::Page { status, kind: of, says, page },
            other => other,
        }
    }

    /// Too many have been tried; the catcher says when to come back.
    pub fn too_many(too_many: TooMany) -> Self {
        Self::Refused(Status::TooManyRequests, too_many.into())
    }

    /// Whoever asked has no session any more.
    pub fn session_ended() -> Self {
        Self::Refused(Status::Unauthorized, Refusal::default())
    }
}

impl<P> From<Failed> for Retry<P> {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl<P> From<crate::auth::Failure> for Retry<P> {
    fn from(failure: crate::auth::Failure) -> Self {
        Self::Failed(Failed(failure))
    }
}

impl<'r, P: Page> Responder<'r, 'static> for Show<P> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match Asker::of(request) {
            Asker::Program => Json(&self.0).respond_to(request),
            Asker::Person if P::IS_ASKED_OFTEN => draw_often(request, &self.0),
            Asker::Person => draw(request, &self.0),
        }
    }
}

impl<'r, D: Serialize> Responder<'r, 'static> for Next<D> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match Asker::of(request) {
            Asker::Program => (self.made.0, Json(self.made.1)).respond_to(request),
            Asker::Person => Response::build().status(Status::SeeOther).header(Header::new("Location", self.to)).ok(),
        }
    }
}

impl<'r, P: FormPage> Responder<'r, 'static> for Retry<P> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let (status, kind, says, page) = match self {
            Self::Page { status, kind, says, page } => (status, kind, says, page),
            Self::Failed(failed) => return failed.respond_to(request),
            Self::Refused(status, refusal) => return Err(refuse(request, status, refusal)),
        };
        match Asker::of(request) {
            Asker::Program => {
                let mut response = Problem::new(request, kind, status, &says, page.problems()).respond(status)?;
                if status == Status::Unauthorized {
                    // Not for people: it would open the browser's own dialog.
                    let challenge = r#"Basic realm="vestibule", charset="UTF-8""#;
                    response.set_header(Header::new("WWW-Authenticate", challenge));
                }
                Ok(response)
            }
            Asker::Person => {
                let mut response = draw(request, &*page)?;
                response.set_status(status);
                Ok(response)
            }
        }
    }
}
