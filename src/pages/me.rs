//! `GET /getusers/me`: who is signed in, as data.

use rocket::get;
use rocket::serde::json::Json;
use serde::Serialize;

use crate::model::{DisplayName, Moment, SessionId, User, UserId, Username};
use crate::web::SignedIn;

/// Who is signed in, and since when.
#[derive(Serialize)]
pub struct Me<'r> {
    user_id: UserId,
    username: &'r Username,
    display_name: &'r DisplayName,
    created_at: Moment,
    session_id: SessionId,
    signed_in_since: Moment,
}

#[get("/getusers/me")]
pub fn show(me: SignedIn<'_>) -> Json<Me<'_>> {
    let User { user_id, username, display_name, created_at } = me.user;
    Json(Me {
        user_id: *user_id,
        username,
        display_name,
        created_at: *created_at,
        session_id: me.session.session_id,
        signed_in_since: me.session.created_at,
    })
}
