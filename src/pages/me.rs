//! `GET /getusers/me`: who is signed in, as data.

use rocket::get;
use rocket::serde::json::Json;
use serde::Serialize;

use crate::model::{Moment, SessionId, User};
use crate::web::SignedIn;

/// Who is signed in, and since when.
#[derive(Serialize)]
pub struct Me<'r> {
    #[serde(flatten)]
    user: &'r User,
    session_id: SessionId,
    signed_in_since: Moment,
}

#[get("/getusers/me")]
pub fn show(me: SignedIn<'_>) -> Json<Me<'_>> {
    Json(Me { user: me.user, session_id: me.session.session_id, signed_in_since: me.session.created_at })
}
