//! What failures look like. A person without a session is led to log in.

use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{Either, Request, catch};
use serde::Serialize;

use super::login::is_inside;
use crate::web::{Error, Format, NextPath, Page, ProblemKind, Problems, Refusal, RequestId, Viewer};

#[derive(Serialize)]
pub struct ErrorPage {
    status: u16,
    title: &'static str,
    says: String,
    request_id: RequestId,
    /// What is wrong with what was sent, where no form could say it.
    wrong: Problems,
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "error";
}

#[catch(401)]
pub fn log_in_first(request: &Request<'_>) -> Either<Redirect, Refusal<ErrorPage>> {
    match Format::of(request) {
        // Nobody is told to log in where it cannot be known whether they are.
        Format::Html if Viewer::of(request).is_ok() => {
            Either::Left(leading_to("/login", NextPath::wanted(request).filter(is_inside)))
        }
        _ => Either::Right(any_failure(Status::Unauthorized, request)),
    }
}

#[catch(403)]
pub fn confirm_first(request: &Request<'_>) -> Either<Redirect, Refusal<ErrorPage>> {
    let needs_proof = Error::noted(Status::Forbidden, request).kind == ProblemKind::ProofNeeded;
    match Format::of(request) {
        Format::Html if needs_proof => {
            Either::Left(leading_to("/confirm", NextPath::wanted(request).or_else(|| page_of(request))))
        }
        _ => Either::Right(any_failure(Status::Forbidden, request)),
    }
}

#[catch(default)]
pub fn any_failure(status: Status, request: &Request<'_>) -> Refusal<ErrorPage> {
    // Where it cannot be known who is looking, that comes first: what they lack is not known either.
    let error = Viewer::of(request).err().unwrap_or_else(|| Error::noted(status, request));
    log(&error, request);
    let (title, usually) = sentence(error.status);
    let says = error.says.as_deref().unwrap_or(usually).to_owned();
    let page = ErrorPage {
        status: error.status.code,
        title,
        says: says.clone(),
        request_id: RequestId::of(request).clone(),
        wrong: error.problems.clone(),
    };
    Refusal { error, says, page }
}

/// Under the number that the page tells. What failed on our side is the operator's business too, with its cause.
fn log(error: &Error, request: &Request<'_>) {
    if let Some(cause) = &error.cause {
        tracing::error!(
            status = error.status.code,
            error = cause,
            request_id = %RequestId::of(request),
            "a request failed"
        );
    }
    tracing::info!(
        status = error.status.code,
        request_id = %RequestId::of(request),
        method = %request.method(),
        route = request.route().map(|route| route.uri.to_string()),
        says = error.says.as_deref(),
        "a request was refused"
    );
}

fn leading_to(page: &str, next: Option<NextPath>) -> Redirect {
    Redirect::to(next.map_or_else(|| page.to_owned(), |next| next.after(page)))
}

/// The page that a form is on, when it was sent to an address of its own below it.
fn page_of(request: &Request<'_>) -> Option<NextPath> {
    let first = request.uri().path().segments().next()?;
    NextPath::parse(&format!("/{first}"))
}

/// What a status means to a person: a title and a sentence.
fn sentence(status: Status) -> (&'static str, &'static str) {
    match status.code {
        400 => ("That could not be read", "The request was not complete or not well formed."),
        401 => ("Log in first", "You need to be signed in for this."),
        403 => ("Not allowed", "You may not do this."),
        404 => ("Nothing is here", "There is no page at this address."),
        405 => ("Not like this", "This address does not take that method."),
        408 => ("That took too long", "The request took too long to arrive."),
        410 => ("This does not work any more", "What was here is gone."),
        413 => ("That is too much", "What was sent is larger than anything this site takes."),
        415 => ("That could not be read", "This address takes a form or JSON."),
        421 => ("Wrong address", "This site does not answer to that name."),
        422 => ("That needs another look", "Some of what was sent could not be taken."),
        429 => ("Please wait a moment", "There were too many attempts. Please try again later."),
        503 => ("Busy at the moment", "This cannot be done right now. Please try again in a moment."),
        402..=499 => ("That did not work", "The request could not be taken."),
        _ => ("Something went wrong", "Something went wrong on our side. Nothing was changed."),
    }
}
