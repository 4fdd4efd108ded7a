//! `/activity`: what happened to this account.

use rocket::{get, post};
use serde::Serialize;

use crate::auth::Auth;
use crate::model::{Event, EventKind, Moment};
use crate::web::{Error, Message, Next, Page, Show, SignedIn, browser_of};

#[derive(Serialize)]
pub struct ActivityPage {
    events: Vec<EventView>,
}

/// Something that happened, as its owner sees it.
#[derive(Serialize)]
pub struct EventView {
    /// When it first happened on that day, and when it last did.
    at: Moment,
    last_at: Moment,
    times: i64,
    kind: EventKind,
    says: &'static str,
    /// None of what the operator did.
    browser: Option<String>,
    network: Option<String>,
}

impl Page for ActivityPage {
    const TEMPLATE: &'static str = "activity";
}

impl EventView {
    pub fn new(event: &Event) -> Self {
        Self {
            at: event.at,
            last_at: event.last_at,
            times: event.times,
            kind: event.kind,
            says: event.kind.says(),
            browser: (!event.kind.is_the_operators()).then(|| browser_of(&event.client)),
            network: event.client.network(),
        }
    }
}

#[get("/activity")]
pub async fn show(me: SignedIn<'_>, auth: &Auth) -> Result<Show<ActivityPage>, Error> {
    let events = auth.activity(me.user.user_id).await?;
    Ok(Show(ActivityPage { events: events.iter().map(EventView::new).collect() }))
}

/// The notice of a change was seen here.
#[post("/activity")]
pub async fn submit(me: SignedIn<'_>, auth: &Auth) -> Result<Next<Message>, Error> {
    auth.drop_notice(&me.caller()).await?;
    Ok(Next::to("/activity", Message { message: "The notice is gone." }))
}
