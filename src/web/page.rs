//! What a page is, and how it is drawn for people.

use std::sync::Arc;

use rocket::Request;
use rocket::http::ContentType;
use rocket::response::{self, Responder};
use rocket_dyn_templates::Template;
use serde::Serialize;

use super::Problems;
use super::held_form::{Offer, offer};
use super::viewer::{Viewer, ViewerView};
use crate::auth::Auth;

/// What a page shows. Its fields are the template's `page.…` and, as they are, the JSON answer.
pub trait Page: Serialize {
    /// The template's name: the page's own.
    const TEMPLATE: &'static str;
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
    let auth = request.rocket().state::<Arc<Auth>>();
    let viewer = Viewer::found(request);
    let layout = Layout {
        viewer: viewer.view(),
        held: viewer.signed_in().ok().flatten().and_then(|me| offer(request, me.user.user_id)),
        sign_up_is_open: auth.is_some_and(|auth| auth.rules().sign_up_is_open),
        page,
    };
    let mut response = Template::render(P::TEMPLATE, layout).respond_to(request)?;
    // A template that is inside the binary has no file name to tell its kind from.
    response.set_header(ContentType::HTML);
    Ok(response)
}
