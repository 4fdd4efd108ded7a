//! What changed while a request was on its way is not overwritten, and not overlooked.

use std::time::Duration;

use rocket::http::Status;
use serde_json::json;
use vestibule::model::{
    ClientInfo, Event, EventId, EventKind, PasswordHash, RecoveryCode, Session, SessionId, Token, UserId,
};
use vestibule::store::{NewEvent, NewSession, Store};

use crate::support::{ADA, App, PASSWORD, adas};

/// The database of the app, as a verb uses it between its first look and its last write.
async fn store(app: &App) -> Store {
    Store::open(&app.database()).await.unwrap()
}

async fn adas_id(app: &App) -> UserId {
    app.auth().find_user(ADA).await.unwrap().unwrap().user_id
}

fn event(app: &App, user_id: UserId, kind: EventKind) -> NewEvent {
    let at = app.clock.now();
    NewEvent { event_id: EventId::new(at), user_id, event: Event::once(at, kind, ClientInfo::default()) }
}

fn session(app: &App) -> Session {
    let at = app.clock.now();
    Session {
        session_id: SessionId::new(at),
        created_at: at,
        last_seen_at: at,
        confirmed_at: at,
        remembered_until: None,
        client: ClientInfo::default(),
        failed_before: None,
        notice: None,
    }
}

/// Whether a login begins a session that knew this password and showed no second step.
async fn begins_a_session(app: &App, password_version: i64) -> bool {
    let (user_id, session) = (adas_id(app).await, session(app));
    let token_hash = Token::random().unwrap().hash();
    let new = NewSession { user_id, session: &session, token_hash, replaces: None, browser: None };
    let oldest_ended = event(app, user_id, EventKind::OldestEnded);
    let events = [event(app, user_id, EventKind::LoggedIn)];
    let begun = store(app).await.start_session(&new, password_version, false, &events, &oldest_ended).await.unwrap();
    begun.is_some()
}

#[rocket::async_test]
async fn a_second_step_that_was_turned_on_meanwhile_lets_no_login_pass_without_it() {
    let (app, ada) = App::with_ada().await;
    assert!(begins_a_session(&app, 1).await);
    app.turn_on_second_step(&ada).await;
    let before = app.count().await;

    assert!(!begins_a_session(&app, 1).await);

    assert_eq!(app.count().await, before);
}

#[rocket::async_test]
async fn a_user_who_was_disabled_meanwhile_gets_no_session() {
    let (app, _) = App::with_ada().await;
    app.auth().disable(adas_id(&app).await).await.unwrap();

    assert!(!begins_a_session(&app, 1).await);
}

#[rocket::async_test]
async fn a_password_that_was_changed_meanwhile_begins_no_session_by_the_old_one() {
    let (app, ada) = App::with_ada().await;
    let change = json!({ "current_password": PASSWORD, "new_password": "entirely different words" });
    assert_eq!(app.program_with(&ada).send("/password", change).await.status, Status::Ok);

    assert!(!begins_a_session(&app, 1).await);
    assert!(begins_a_session(&app, 2).await);
}

#[rocket::async_test]
async fn a_password_that_was_changed_meanwhile_is_not_changed_by_whoever_knew_the_one_before() {
    let (app, _) = App::with_ada().await;
    let (store, user_id) = (store(&app).await, adas_id(&app).await);
    let this = store.sessions(user_id).await.unwrap()[0].session_id;
    let (session, token_hash) = (session(&app), Token::random().unwrap().hash());
    let new = NewSession { user_id, session: &session, token_hash, replaces: None, browser: None };
    let (hash, changed) =
        (PasswordHash::from_phc("another".to_owned()), event(&app, user_id, EventKind::PasswordChanged));

    assert!(!store.change_password(&hash, 2, this, &new, &changed).await.unwrap(), "there is no second one yet");

    assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_better_hash_does_not_take_the_place_of_a_password_that_was_set_meanwhile() {
    let (app, _) = App::with_ada().await;
    let hash = |text: &str| PasswordHash::from_phc(text.to_owned());
    let (old, better) = (hash("the one before"), hash("a better one of that"));

    store(&app).await.replace_hash(adas_id(&app).await, &old, &better).await.unwrap();

    assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_secret_that_was_begun_anew_meanwhile_is_not_confirmed_by_the_code_of_the_one_before() {
    let (app, _) = App::with_ada().await;
    let (store, user_id) = (store(&app).await, adas_id(&app).await);
    let this = store.sessions(user_id).await.unwrap()[0].session_id;
    let on = event(&app, user_id, EventKind::TwoFactorOn);
    store.begin_second_factor(user_id, "one", app.clock.now()).await.unwrap();
    store.begin_second_factor(user_id, "another", app.clock.now()).await.unwrap();

    assert!(!store.confirm_second_factor("one", 1, &[], this, &on).await.unwrap());
    assert!(store.confirm_second_factor("another", 1, &[], this, &on).await.unwrap());
    assert!(!store.confirm_second_factor("another", 2, &[], this, &on).await.unwrap(), "and only once");
}

#[rocket::async_test]
async fn a_secret_that_took_the_place_of_another_is_not_overwritten_by_that_one_sealed_anew() {
    let (app, _) = App::with_ada().await;
    let (store, user_id) = (store(&app).await, adas_id(&app).await);
    store.begin_second_factor(user_id, "another", app.clock.now()).await.unwrap();

    store.reseal_second_factor(user_id, "one", "one, sealed anew").await.unwrap();

    assert_eq!(store.second_factor(user_id).await.unwrap().unwrap().sealed_secret, "another");
}

#[rocket::async_test]
async fn a_session_that_was_ended_meanwhile_changes_nothing_of_the_second_step() {
    let (app, ada) = App::with_ada().await;
    let (store, user_id) = (store(&app).await, adas_id(&app).await);
    app.turn_on_second_step(&ada).await;
    let ended = SessionId::new(app.clock.now());
    let codes = [RecoveryCode::random().unwrap().hash(user_id)];

    let made = event(&app, user_id, EventKind::RecoveryCodesMade);
    assert!(!store.replace_recovery_codes(&codes, ended, &made).await.unwrap());
    let off = event(&app, user_id, EventKind::TwoFactorOff);
    assert!(!store.end_second_factor(ended, &off).await.unwrap());

    let left = app.program_with(&ada).get("/two-factor").await.json();
    assert_eq!((&left["is_on"], &left["recovery_codes_left"]), (&json!(true), &json!(RecoveryCode::AT_ONCE)));
}

#[rocket::async_test]
async fn a_later_use_that_was_noted_meanwhile_is_not_overwritten_by_an_earlier_one() {
    let (app, _) = App::with_ada().await;
    let (store, user_id) = (store(&app).await, adas_id(&app).await);
    let this = store.sessions(user_id).await.unwrap()[0].session_id;
    let (earlier, later) = (app.clock.now(), app.clock.now().plus(Duration::from_secs(60)));

    store.note_last_seen(&[(this, later)]).await.unwrap();
    store.note_last_seen(&[(this, earlier)]).await.unwrap();

    assert_eq!(store.sessions(user_id).await.unwrap()[0].last_seen_at, later);
}
