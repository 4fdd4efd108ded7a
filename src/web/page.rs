//! What a page is, and how it is drawn for people.

use std::io::Cursor;
use std::sync::Arc;

use rocket::http::{ContentType, Status};
use rocket::response::{self, Responder, Response};
use rocket::{Orbit, Request, Rocket};
use rocket_dyn_templates::Template;
use serde::Serialize;

use super::Problems;
use super::drawings::{Drawings, Subject};
use super::held_form::{Offer, offer};
use super::viewer::{Viewer, ViewerView};
use crate::auth::Auth;

/// What a page shows. Its fields are the template's `page.…` and, as they are, the JSON answer.
pub trait Page: Serialize {
    /// The template's name: the page's own.
    const TEMPLATE: &'static str;
    /// Whether it is worth keeping for a moment as it was drawn. Never where it shows a secret.
    const IS_ASKED_OFTEN: bool = false;
}

/// A page with a form on it.
pub trait FormPage: Page {
    /// What is wrong with what was typed.
    fn problems(&self) -> &Problems;
}

/// Everything that a template sees.
#[derive(Serialize)]
struct Layout<'a, P> {
    viewer: Option<ViewerView<'a>>,
    sign_up_is_open: bool,
    /// A form that they were sending when their session ran out.
    held: Option<Offer>,
    page: &'a P,
}

/// Draws a page for people.
pub(super) fn draw<P: Page>(request: &Request<'_>, page: &P) -> response::Result<'static> {
    let mut response = Template::render(P::TEMPLATE, layout(request, page)).respond_to(request)?;
    // A template that is inside the binary has no file name to tell its kind from.
    response.set_header(ContentType::HTML);
    Ok(response)
}

/// The same for a page that is asked for often: as it was drawn before, where somebody was to see exactly this.
pub(super) fn draw_often<P: Page>(request: &Request<'_>, page: &P) -> response::Result<'static> {
    let layout = layout(request, page);
    let rocket = request.rocket();
    let drawings = rocket.state::<Drawings>().ok_or(Status::InternalServerError)?;
    let subject = Subject::new(P::TEMPLATE, &layout).ok_or(Status::InternalServerError)?;
    let html = match drawings.recall(&subject) {
        Some(html) => html,
        None => {
            let html = html(rocket, P::TEMPLATE, &layout).ok_or(Status::InternalServerError)?;
            drawings.keep(subject, Arc::clone(&html));
            html
        }
    };
    Response::build().header(ContentType::HTML).sized_body(html.len(), Cursor::new(html)).ok()
}

fn layout<'r, P>(request: &'r Request<'_>, page: &'r P) -> Layout<'r, P> {
    let auth = request.rocket().state::<Arc<Auth>>();
    let viewer = Viewer::found(request);
    Layout {
        viewer: viewer.view(),
        held: viewer.signed_in().ok().flatten().and_then(|me| offer(request, me.user.user_id)),
        sign_up_is_open: auth.is_some_and(|auth| auth.rules().sign_up_is_open),
        page,
    }
}

fn html(rocket: &Rocket<Orbit>, template: &'static str, data: impl Serialize) -> Option<Arc<[u8]>> {
    Template::show(rocket, template, data).map(|html| html.into_bytes().into())
}
