//! What a page is: one value, drawn for people and given to programs as it is. A form that was not taken is a page again,
//! and so is an error.

use rocket::Request;
use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder, Response};
use rocket::serde::json::Json;
use rocket_dyn_templates::Template;
use serde::Serialize;

use super::error::{challenge, problem};
use super::headers::add_security_headers;
use super::visitor::{Viewer, ViewerView, auth_of};
use super::{Error, Format, Problems};

/// What a page shows. Its fields are the template's `page.…` and, as they are, the JSON answer.
pub trait Page: Serialize {
    /// The template's name: the page's own.
    const TEMPLATE: &'static str;
}

/// Shows a page: drawn for people, as its data to programs.
pub struct Show<P>(pub P);

/// Why a form was not taken. Where there is a page, people get it again with what was wrong on it.
#[derive(Debug)]
pub struct FormError<P> {
    error: Box<Error>,
    page: Option<Box<P>>,
}

/// Everything that a template sees.
#[derive(Serialize)]
struct Layout<'a, P> {
    viewer: Option<ViewerView<'a>>,
    sign_up_is_open: bool,
    /// What is wrong with what was typed, by field.
    problems: &'a Problems,
    /// Why it was refused, where that is not about one field.
    refused: Option<&'a str>,
    page: &'a P,
}

impl<P> FormError<P> {
    /// The page again, saying what to change.
    pub fn again(error: Error, page: P) -> Self {
        Self { error: Box::new(error), page: Some(Box::new(page)) }
    }
}

impl<P, E: Into<Error>> From<E> for FormError<P> {
    fn from(error: E) -> Self {
        Self { error: Box::new(error.into()), page: None }
    }
}

impl<'r, P: Page> Responder<'r, 'static> for Show<P> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        // Nobody is greeted as a stranger because it cannot be known who they are.
        let viewer = Viewer::of(request).map_err(|error| error.note(request))?;
        match Format::of(request) {
            Format::Json => Json(&self.0).respond_to(request),
            Format::Html => draw(request, viewer, &self.0, None),
        }
    }
}

impl<'r, P: Page> Responder<'r, 'static> for FormError<P> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let Some(page) = self.page else { return self.error.respond_to(request) };
        let viewer = Viewer::of(request).map_err(|error| error.note(request))?;
        match Format::of(request) {
            Format::Json => {
                let mut response = problem(request, &self.error, self.error.says.as_deref().unwrap_or_default())?;
                if self.error.status == Status::Unauthorized {
                    response.set_header(challenge());
                }
                Ok(response)
            }
            Format::Html => {
                let mut response = draw(request, viewer, &*page, Some(&self.error))?;
                response.set_status(self.error.status);
                Ok(response)
            }
        }
    }
}

/// An error as the catcher draws it: as a page or as a problem. It carries the security headers by itself, because Rocket
/// runs no fairing on the refusals it makes before routing (a method it does not know, an address it cannot read).
pub struct Refusal<P> {
    pub error: Error,
    pub says: String,
    pub page: P,
}

impl<'r, P: Page> Responder<'r, 'static> for Refusal<P> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let drawn = match Format::of(request) {
            Format::Json => problem(request, &self.error, &self.says),
            // Where it cannot be known who is looking, nobody is greeted.
            Format::Html => draw(request, Viewer::of(request).unwrap_or(&Viewer::default()), &self.page, None),
        };
        // Even a template that cannot be drawn leaves a sentence.
        let mut response = drawn.or_else(|_| {
            let body = self.says;
            Response::build()
                .header(ContentType::Plain)
                .sized_body(body.len(), std::io::Cursor::new(body))
                .ok::<Status>()
        })?;
        response.set_status(self.error.status);
        if let Some(wait) = self.error.retry_after {
            response.set_header(Header::new("Retry-After", wait.as_secs().max(1).to_string()));
        }
        if let Some(methods) = self.error.allow {
            response.set_header(Header::new("Allow", methods));
        }
        add_security_headers(request, &mut response);
        Ok(response)
    }
}

/// Draws a page for people, with what was wrong with the form on it.
fn draw<P: Page>(request: &Request<'_>, viewer: &Viewer, page: &P, error: Option<&Error>) -> response::Result<'static> {
    let none = Problems::default();
    let problems = error.map_or(&none, |error| &error.problems);
    let layout = Layout {
        viewer: viewer.view(),
        sign_up_is_open: auth_of(request).rules().sign_up_is_open,
        problems,
        refused: error.and_then(|error| error.says.as_deref()).filter(|_| problems.is_empty()),
        page,
    };
    let mut response = Template::render(P::TEMPLATE, layout).respond_to(request)?;
    // A template that is inside the binary has no file name to tell its kind from.
    response.set_header(ContentType::HTML);
    Ok(response)
}
