//! `/static/<name>` and `/favicon.svg`.

use rocket::get;

use crate::web::Asset;

#[get("/static/<name>")]
pub fn show(name: &str) -> Option<Asset> {
    Asset::hashed(name)
}

#[get("/favicon.svg")]
pub fn favicon() -> Option<Asset> {
    Asset::named("favicon.svg")
}
