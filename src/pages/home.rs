//! `/`: what this is, and the ways in.

use rocket::get;
use serde::Serialize;

use crate::auth::Auth;
use crate::web::{Addresses, Page, Show};

/// What this is, for people and for programs.
#[derive(Serialize)]
pub struct HomePage {
    name: &'static str,
    version: &'static str,
    sign_up_is_open: bool,
    addresses: Vec<String>,
}

impl Page for HomePage {
    const TEMPLATE: &'static str = "home";
}

#[get("/")]
pub fn show(auth: &Auth, addresses: Addresses) -> Show<HomePage> {
    Show(HomePage {
        name: "Vestibule",
        version: env!("CARGO_PKG_VERSION"),
        sign_up_is_open: auth.rules().sign_up_is_open,
        addresses: addresses.0,
    })
}
