//! Whatever happens to one account, another one stays as it is.

use std::time::Duration;

use rocket::http::Status;
use serde_json::{Value, json};
use vestibule::model::{MOST_SESSIONS, Token};

use crate::support::{ADA, App, Cookies, PASSWORD, Phone, adas};

const EVE: &str = "eve";
const NEW: &str = "entirely different words";

/// Eve, with one of everything that an account can have.
struct Eve<'a> {
    app: &'a App,
    here: Cookies,
    elsewhere: Cookies,
    phone: Phone,
    recovery_codes: Vec<String>,
    link: Token,
}

impl<'a> Eve<'a> {
    async fn new(app: &'a App) -> Self {
        let here = app.sign_up(EVE).await;
        let elsewhere = app.program();
        elsewhere.send("/login", json!({ "username": EVE, "password": "not the password" })).await;
        let right = json!({ "username": EVE, "password": PASSWORD, "remember": true });
        assert_eq!(elsewhere.send("/login", right).await.status, Status::Ok);
        // A third one, which nobody uses any more.
        app.program().send("/login", json!({ "username": EVE, "password": PASSWORD, "remember": true })).await;
        let (phone, recovery_codes) = app.turn_on_second_step(&here).await;
        app.program_with(&here).send("/profile", json!({ "display_name": "Eve of the other account" })).await;
        let user = app.auth().find_user(EVE).await.unwrap().unwrap();
        let (link, _) = app.auth().make_reset(user.user_id).await.unwrap().unwrap();
        app.activity(&here, "sign_in_failed", 1).await;
        Self { app, here, elsewhere: elsewhere.cookies.into_inner(), phone, recovery_codes, link }
    }

    /// Everything that is kept about her, as she and the operator read it.
    async fn kept(&self) -> (Value, Value) {
        assert_eq!(self.app.program_with(&self.elsewhere).get("/protected").await.status, Status::Ok);
        let mut export = self.app.program_with(&self.here).get("/export").await.json();
        export["exported_at"].take();
        // That she looks is written down itself.
        export["activity"].as_array_mut().unwrap().retain(|event| event["kind"] != "exported");
        let (accounts, _) = self.app.auth().accounts(EVE, 10).await.unwrap();
        (export, serde_json::to_value(accounts).unwrap())
    }

    /// Asserts that all of it still works.
    async fn can_do_what_she_could(&self) {
        let app = self.app;
        let page = app.browser_with(&self.elsewhere).get("/protected").await.body;
        assert!(page.contains("Two-factor authentication was turned on."), "the notice that she has not seen");
        for code in [self.phone.code_at(app, 30), self.recovery_codes[0].clone()] {
            let body = json!({ "username": EVE, "password": PASSWORD, "code": code });
            assert_eq!(app.program().send("/login", body).await.status, Status::Ok, "{code}");
        }
        let without = json!({ "username": EVE, "password": PASSWORD });
        assert_eq!(app.program().send("/login", without).await.json()["type"], "urn:vestibule:problem:code-needed");
        let set = json!({ "token": *self.link.reveal(), "new_password": NEW });
        assert_eq!(app.program().send("/reset-password", set).await.status, Status::Ok);
    }
}

/// Ada uses every button there is, and comes out of it signed in.
async fn ada_does_everything(app: &App) -> Cookies {
    let program = app.program();
    program.send("/signup", adas()).await;
    program.send("/profile", json!({ "display_name": "Ada L." })).await;
    program.send("/confirm", json!({ "password": PASSWORD })).await;
    let cookies = program.cookies.borrow().clone();
    let (phone, codes) = app.turn_on_second_step(&cookies).await;
    let both = |code: &str| json!({ "username": ADA, "password": PASSWORD, "code": code });
    app.program().send("/login", both(&phone.code_at(app, 120))).await;
    app.program().send("/login", both(&codes[0])).await;
    program.send("/confirm", json!({ "code": phone.code_at(app, 30) })).await;
    program.press("/two-factor/recovery-codes").await;
    program.press("/activity").await;
    program.press("/two-factor/off").await;
    program.press("/two-factor/start").await;
    program.press("/sessions/end-others").await;
    program.send("/confirm", json!({ "password": "not the password" })).await;
    for _ in 0..=MOST_SESSIONS {
        app.program().send("/login", json!({ "username": ADA, "password": "not the password" })).await;
        assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok);
    }
    program.send("/login", adas()).await;
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    assert_eq!(program.send("/password", change).await.status, Status::Ok);
    program.press("/logout").await;
    app.wait(Duration::from_secs(2 * 60));
    program.send("/login", json!({ "username": ADA, "password": NEW })).await;
    assert_eq!(program.get("/export").await.status, Status::Ok);
    program.cookies.into_inner()
}

/// The operator does to Ada whatever an operator can.
async fn the_operator_does_everything(app: &App, ada: &Cookies) {
    let user_id = app.auth().find_user(ADA).await.unwrap().unwrap().user_id;
    let (link, _) = app.auth().make_reset(user_id).await.unwrap().unwrap();
    let session = app.auth().sessions(user_id).await.unwrap()[0].session_id;
    assert!(app.auth().end_any_session(session).await.unwrap());
    assert_eq!(app.program_with(ada).get("/getusers/me").await.status, Status::Unauthorized);
    let set = json!({ "token": *link.reveal(), "new_password": PASSWORD });
    assert_eq!(app.program().send("/reset-password", set).await.status, Status::Ok);
    let here = app.program();
    here.send("/login", adas()).await;
    app.wait(Duration::from_secs(2 * 60));
    assert_eq!(here.get("/getusers/me").await.status, Status::Ok);
    app.auth().write_last_seen().await.unwrap();
    assert_eq!(app.auth().end_sessions_of(user_id).await.unwrap(), 1);
    app.auth().make_reset(user_id).await.unwrap();
    app.auth().disable(user_id).await.unwrap();
    assert!(app.auth().enable(user_id).await.unwrap());
    app.auth().sweep().await.unwrap();
}

#[rocket::async_test]
async fn whatever_one_person_and_the_operator_do_another_account_stays_as_it_is() {
    let app = App::new().await;
    let eve = Eve::new(&app).await;
    app.wait(Duration::from_secs(2 * 60));
    eve.kept().await;
    app.auth().write_last_seen().await.unwrap();
    let before = eve.kept().await;

    let ada = ada_does_everything(&app).await;
    the_operator_does_everything(&app, &ada).await;
    assert_eq!(eve.kept().await, before);
    let leaving = app.program();
    leaving.send("/login", adas()).await;
    assert_eq!(leaving.send("/delete-account", json!({ "password": PASSWORD })).await.status, Status::Ok);

    assert_eq!(eve.kept().await, before);
    eve.can_do_what_she_could().await;
}
