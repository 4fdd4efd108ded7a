use rocket::fairing::{AdHoc, Fairing};
use rocket::http::Header;
use rocket::{Request, Response};

use super::{RouteMark, Site};

/// For every answer, whatever it is. `same-origin` and not `no-referrer`: with the latter browsers hide the `Origin` of
/// our own forms. Scripts are files of ours: `nosniff` keeps every other answer of this site from being one.
const ALWAYS: [(&str, &str); 5] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];

/// For whatever a browser may draw as a page. Data that is not drawn cannot ask for a camera, and browsers that know no
/// `frame-ancestors` are too old for the rest of the site.
const FOR_PAGES: [(&str, &str); 2] = [
    ("X-Frame-Options", "DENY"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Two years, as browsers' preload lists ask.
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// The security headers, for the fairing and for answers that no fairing sees.
pub fn add_security_headers(request: &Request<'_>, response: &mut Response<'_>) {
    for (name, value) in ALWAYS {
        response.set_header(Header::new(name, value));
    }
    if !response.headers().get_one("Content-Type").is_some_and(|kind| kind.ends_with("json")) {
        for (name, value) in FOR_PAGES {
            response.set_header(Header::new(name, value));
        }
    }
    // Within this site it is not told on either, for the log of a proxy; the origin alone is, so that browsers name it with
    // our own forms.
    if RouteMark::SECRET_ADDRESS.is_on(request) {
        response.set_header(Header::new("Referrer-Policy", "strict-origin"));
    }
    if request.rocket().state::<Site>().is_some_and(Site::is_https) {
        response.set_header(Header::new("Strict-Transport-Security", HSTS));
    }
    // Static files say themselves how long they may be kept; all else is somebody's own, or may be.
    if !response.headers().contains("Cache-Control") {
        response.set_header(Header::new("Cache-Control", "no-store"));
        response.set_header(Header::new("Vary", "Accept, Cookie"));
    }
}

/// Puts the security headers on every answer.
pub fn security_headers() -> impl Fairing {
    AdHoc::on_response("security headers", |request, response| {
        Box::pin(async move { add_security_headers(request, response) })
    })
}
