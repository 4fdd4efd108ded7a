//! `GET /export`: everything that is kept about you, as JSON, without any secret.

use rocket::http::Header;
use rocket::serde::json::Json;
use rocket::{Responder, get};
use serde::Serialize;

use super::activity::EventView;
use super::sessions::{KnownBrowserView, SessionView};
use crate::auth::{Auth, TwoFactorState};
use crate::model::{ClientInfo, Moment, User};
use crate::web::{Browser, Error, SignedIn};

#[derive(Serialize)]
pub struct Everything {
    exported_at: Moment,
    user: User,
    second_factor: SecondFactor,
    sessions: Vec<Exported<SessionView>>,
    known_browsers: Vec<Exported<KnownBrowserView>>,
    activity: Vec<Exported<EventView>>,
}

#[derive(Serialize)]
struct SecondFactor {
    is_on: bool,
    recovery_codes_left: i64,
}

/// The same as on its page, and what is kept beside that.
#[derive(Serialize)]
struct Exported<T> {
    #[serde(flatten)]
    shown: T,
    user_agent: Option<String>,
    address: Option<String>,
}

/// A file to keep.
#[derive(Responder)]
pub struct Download {
    data: Json<Everything>,
    disposition: Header<'static>,
}

#[get("/export")]
pub async fn show(me: SignedIn<'_>, auth: &Auth, browser: Browser<'_>) -> Result<Download, Error> {
    let kept = auth.export(&me.caller(), &browser).await?;
    let (this, this_browser) = (me.session.session_id, kept.this_browser);
    let everything = Everything {
        exported_at: auth.clock().now(),
        user: me.user.clone(),
        second_factor: match kept.two_factor {
            TwoFactorState::On { codes_left } => SecondFactor { is_on: true, recovery_codes_left: codes_left },
            TwoFactorState::Off | TwoFactorState::Begun(_) => SecondFactor { is_on: false, recovery_codes_left: 0 },
        },
        sessions: kept.sessions.into_iter().map(|one| exported(SessionView::new(&one, this), one.client)).collect(),
        known_browsers: kept
            .known_browsers
            .into_iter()
            .map(|one| exported(KnownBrowserView::new(&one, this_browser), one.client))
            .collect(),
        activity: kept.events.into_iter().map(|one| exported(EventView::new(&one), one.client)).collect(),
    };
    Ok(Download {
        data: Json(everything),
        disposition: Header::new("Content-Disposition", "attachment; filename=\"vestibule-account.json\""),
    })
}

fn exported<T>(shown: T, client: ClientInfo) -> Exported<T> {
    Exported { shown, user_agent: client.user_agent, address: client.address.map(|address| address.to_string()) }
}
