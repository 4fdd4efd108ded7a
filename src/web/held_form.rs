//! A form that was being sent when the session, or the proof of who is there, ran out: kept sealed in the browser for ten
//! minutes, never with a secret in it, and offered to the same user to be sent again.

use std::time::Duration;

use rocket::data::{Data, ToByteUnit};
use rocket::http::{Header, Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Request, Response};
use serde::{Deserialize, Serialize};

use super::own_cookie::OwnCookie;
use super::sent::form_pairs;
use super::{Asker, NextPath, Site, Viewer};
use crate::model::{Devices, Moment, UserId};

/// How long a form is held.
pub const HELD_FOR: Duration = Duration::from_secs(10 * 60);
/// The largest form that is held: sealed, it must fit into a cookie.
const MOST_BYTES: u32 = 1_536;
/// The largest that it may become as text: sealed and encoded it is a half larger, and browsers drop cookies over 4 KiB.
const MOST_TEXT: usize = 2_400;
/// After the door, before the pages.
const SECOND: isize = -50;

/// A form whose sending can be offered again: where it is sent, the page that it is on, and what it does.
struct Holdable {
    route: &'static str,
    page: &'static str,
    does: &'static str,
    needs_proof: bool,
}

/// Only forms without a secret: a password or a code is typed again.
static HOLDABLE: [Holdable; 6] = [
    Holdable { route: "/profile", page: "/profile", does: "change your display name", needs_proof: false },
    Holdable { route: "/sessions/<id>/end", page: "/sessions", does: "sign out another browser", needs_proof: true },
    Holdable {
        route: "/sessions/end-others",
        page: "/sessions",
        does: "sign out all other browsers",
        needs_proof: true,
    },
    Holdable { route: "/two-factor/start", page: "/two-factor", does: "set up the second step", needs_proof: true },
    Holdable { route: "/two-factor/off", page: "/two-factor", does: "turn off the second step", needs_proof: true },
    Holdable {
        route: "/two-factor/recovery-codes",
        page: "/two-factor",
        does: "make new recovery codes",
        needs_proof: true,
    },
];

/// A form that is held, as it lies sealed in the browser.
#[derive(Serialize, Deserialize)]
struct HeldForm {
    user_id: String,
    at: i64,
    path: String,
    does: String,
    fields: Vec<(String, String)>,
}

/// The same as it is offered on a page.
#[derive(Serialize)]
pub struct Offer {
    path: String,
    does: String,
    fields: Vec<(String, String)>,
}

/// Whether this request sends a form that may be held.
struct SentAgain(bool);

/// Stands between the door and the forms that can be held.
#[derive(Clone)]
struct Keeper(&'static Holdable);

/// The routes of whoever keeps forms.
pub fn held_form_routes() -> Vec<Route> {
    let keep = |holdable: &'static Holdable| {
        let mut route = Route::ranked(SECOND, Method::Post, holdable.route, Keeper(holdable));
        route.name = Some("keeper".into());
        route
    };
    HOLDABLE.iter().map(keep).collect()
}

/// Whether a route is the keeper's and no page.
pub(super) fn is_keeper(route: &Route) -> bool {
    route.rank == SECOND
}

#[rocket::async_trait]
impl Handler for Keeper {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let is_form = request.content_type().is_some_and(|kind| kind.is_form());
        let viewer = Viewer::of(request).await;
        let Ok(signed_in) = viewer.signed_in() else { return Outcome::forward(data, Status::NotFound) };
        let now = Viewer::now(request);
        let may_go_on = signed_in.is_some_and(|me| !self.0.needs_proof || me.session.is_confirmed(now));
        if may_go_on {
            // Sent again, or sent anew: it is offered no longer, nor by the answer to this.
            OwnCookie::Held.clear_if_sent(request);
            request.local_cache(|| SentAgain(true));
            return Outcome::forward(data, Status::NotFound);
        }
        let user_id = match signed_in {
            Some(me) => Some(me.user.user_id),
            None => OwnCookie::Device.read(request).and_then(|text| Devices::parse(&text).latest_user()),
        };
        let (Some(user_id), Asker::Person) = (user_id, Asker::of(request)) else {
            return Outcome::forward(data, Status::NotFound);
        };
        // A button that sends nothing sends no kind either.
        if request.headers().contains("Content-Type") && !is_form {
            return Outcome::forward(data, Status::NotFound);
        }

        hold(self.0, request, data, user_id, now).await;
        let to = match signed_in {
            Some(_) => format!("/confirm?next={}", self.0.page),
            None => "/login".to_owned(),
        };
        Outcome::Success(Response::build().status(Status::SeeOther).header(Header::new("Location", to)).finalize())
    }
}

async fn hold(holdable: &Holdable, request: &Request<'_>, data: Data<'_>, user_id: UserId, now: Moment) {
    let reading = data.open(MOST_BYTES.bytes()).into_bytes();
    let Ok(Ok(body)) = rocket::tokio::time::timeout(Duration::from_secs(10), reading).await else { return };
    if !body.is_complete() {
        return;
    }
    // However it was spelt: `//sessions/…` leads here too, and on a page to another site.
    let segments: Vec<&str> = request.uri().path().segments().filter(|part| !part.is_empty()).collect();
    let Some(path) = NextPath::parse(&format!("/{}", segments.join("/"))) else { return };
    let may_be_kept = |name: &str| !name.contains("password") && !name.contains("code");
    let held = HeldForm {
        user_id: user_id.to_string(),
        at: now.millis(),
        path: path.as_str().to_owned(),
        does: holdable.does.to_owned(),
        fields: form_pairs(&body).into_iter().filter(|(name, _)| may_be_kept(name)).collect(),
    };
    if let Some(text) = serde_json::to_string(&held).ok().filter(|text| text.len() <= MOST_TEXT) {
        OwnCookie::Held.set(Site::of(request), request.cookies(), text, Some(HELD_FOR));
    }
}

/// The form that this user was sending lately, if one is held.
pub(super) fn offer(request: &Request<'_>, user_id: UserId) -> Option<Offer> {
    if request.local_cache(|| SentAgain(false)).0 {
        return None;
    }
    let held: HeldForm = serde_json::from_str(&OwnCookie::Held.read(request)?).ok()?;
    let is_fresh = Viewer::now(request).since(Moment::from_millis(held.at)) < HELD_FOR;
    let is_theirs = held.user_id == user_id.to_string();
    (is_fresh && is_theirs).then_some(Offer { path: held.path, does: held.does, fields: held.fields })
}
