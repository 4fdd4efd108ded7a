//! `/protected`: a page for members.

use rocket::get;
use serde::Serialize;

use crate::model::User;
use crate::web::{Page, Show, SignedIn};

#[derive(Serialize)]
pub struct ProtectedPage {
    message: &'static str,
    user: User,
}

impl Page for ProtectedPage {
    const TEMPLATE: &'static str = "protected";
}

#[get("/protected")]
pub fn show(me: SignedIn<'_>) -> Show<ProtectedPage> {
    Show(ProtectedPage { message: "Only members can read this.", user: me.user.clone() })
}
