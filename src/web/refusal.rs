use rocket::Request;
use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder, Response};

use super::error::problem;
use super::headers::add_security_headers;
use super::page::draw;
use super::visitor::Viewer;
use super::{Error, Format, Page};

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
