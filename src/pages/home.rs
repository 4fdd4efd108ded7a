//! `/`: what this is, and the ways in.

use rocket::get;
use serde::Serialize;

use crate::auth::Auth;
use crate::web::{Page, Show, Visitor};

/// What this is, for people and for programs.
#[derive(Serialize)]
pub struct HomePage {
    name: &'static str,
    version: &'static str,
    sign_up_is_open: bool,
    addresses: &'static [&'static str],
}

impl Page for HomePage {
    const TEMPLATE: &'static str = "home";
    const IS_ASKED_OFTEN: bool = true;
}

#[get("/")]
pub fn show(_visitor: Visitor<'_>, auth: &Auth) -> Show<HomePage> {
    Show(HomePage {
        name: "Vestibule",
        version: env!("CARGO_PKG_VERSION"),
        sign_up_is_open: auth.rules().sign_up_is_open,
        addresses: &[
            "POST /signup",
            "POST /login",
            "POST /logout",
            "GET /profile",
            "POST /profile",
            "GET /getusers/me",
            "GET /protected",
            "GET /sessions",
            "POST /sessions/<id>/end",
            "POST /sessions/end-others",
            "POST /password",
            "POST /confirm",
            "GET /two-factor",
            "GET /activity",
            "GET /export",
            "POST /delete-account",
            "GET /",
        ],
    })
}
