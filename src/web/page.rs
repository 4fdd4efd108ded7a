//! What a page is: one value, drawn for people and given to programs as it is; and the page of a form that was not taken.

use rocket::Request;
use rocket::http::{ContentType, Status};
use rocket::response::{self, Responder};
use rocket::serde::json::Json;
use rocket_dyn_templates::Template;
use serde::Serialize;

use super::error::{challenge, problem};
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

/// Draws a page for people, with what was wrong with the form on it.
pub(super) fn draw<P: Page>(
    request: &Request<'_>,
    viewer: &Viewer,
    page: &P,
    error: Option<&Error>,
) -> response::Result<'static> {
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
