//! A form that was being sent when the session, or the proof of who is there, ran out.

use std::time::Duration;

use rocket::http::Status;
use serde_json::json;

use crate::support::{ADA, App, PASSWORD};

const LOG_IN: [(&str, &str); 2] = [("username", ADA), ("password", PASSWORD)];
const OFFER: &str = "You were about to change your display name";

#[rocket::async_test]
async fn is_offered_to_be_sent_again_after_the_login() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);
    app.wait(Duration::from_secs(31 * 60));

    browser.submit("/profile", &[("display_name", "Ada & Co. \"L.\"")]).await.leads_to("/login");
    browser.submit("/login", &LOG_IN).await.leads_to("/profile");

    let page = browser.get("/profile").await.body;
    assert!(page.contains(OFFER) && page.contains(r#"action="&#x2F;profile""#), "{page}");
    assert!(page.contains(r#"name="display_name" value="Ada &amp; Co. &quot;L.&quot;""#), "{page}");
    assert!(!page.contains("<h2><bdi>Ada &amp; Co."), "nothing is sent by itself");
    browser.submit("/profile", &[("display_name", "Ada & Co. \"L.\"")]).await.leads_to("/profile?done=name");
    let page = browser.get("/profile").await.body;
    assert!(page.contains("<bdi>Ada &amp; Co. &quot;L.&quot;</bdi>") && !page.contains(OFFER), "{page}");
}

#[rocket::async_test]
async fn is_offered_to_nobody_else_and_for_ten_minutes_only() {
    let (app, ada) = App::with_ada().await;
    app.sign_up("eve").await;
    let browser = app.browser_with(&ada);
    app.wait(Duration::from_secs(31 * 60));
    browser.submit("/profile", &[("display_name", "Ada L.")]).await.leads_to("/login");

    browser.submit("/login", &[("username", "eve"), ("password", PASSWORD)]).await.leads_to("/profile");
    assert!(!browser.get("/profile").await.body.contains(OFFER));
    browser.submit("/login", &LOG_IN).await.leads_to("/profile");
    assert!(browser.get("/profile").await.body.contains(OFFER));
    app.wait(Duration::from_secs(600));
    assert!(!browser.get("/profile").await.body.contains(OFFER));
}

#[rocket::async_test]
async fn lies_sealed_in_the_browser_and_a_large_one_is_not_kept() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);
    app.wait(Duration::from_secs(31 * 60));

    let answer = browser.submit("/profile", &[("display_name", "Very private")]).await;
    let held = answer.all("Set-Cookie").find(|set| set.starts_with("held_form=")).unwrap().to_owned();
    assert!(
        held.contains("HttpOnly") && held.contains("Max-Age=600") && !held.contains("private") && held.len() < 4_096,
        "{held}"
    );

    let large = "x".repeat(2_000);
    let browser = app.browser_with(&ada);
    let answer = browser.submit("/profile", &[("display_name", &large)]).await;
    answer.leads_to("/login");
    assert!(!answer.all("Set-Cookie").any(|set| set.starts_with("held_form=")));
}

#[rocket::async_test]
async fn never_holds_a_password_or_a_code() {
    let (app, ada) = App::with_ada().await;
    app.wait(Duration::from_secs(31 * 60));
    for path in ["/password", "/delete-account", "/confirm", "/two-factor/on"] {
        let browser = app.browser_with(&ada);
        let answer = browser.submit(path, &[("password", PASSWORD), ("code", "123456")]).await;
        answer.leads_to("/login");
        assert_eq!(answer.all("Set-Cookie").count(), 0, "{path}");
    }
    let browser = app.browser_with(&ada);
    let fields = [("display_name", "Ada L."), ("password", "secret-word"), ("current_password", "secret-word")];
    browser.submit("/profile", &fields).await.leads_to("/login");
    browser.submit("/login", &LOG_IN).await.leads_to("/profile");
    let page = browser.get("/profile").await.body;
    assert!(page.contains(OFFER) && !page.contains("secret-word"), "{page}");
}

#[rocket::async_test]
async fn is_kept_while_somebody_confirms_who_they_are() {
    let (app, ada) = App::with_ada().await;
    app.browser().submit("/login", &LOG_IN).await;
    let browser = app.browser_with(&ada);
    app.wait(Duration::from_secs(11 * 60));

    browser.press("/sessions/end-others").await.leads_to("/confirm?next=/sessions");
    browser.submit("/confirm", &[("password", PASSWORD), ("next", "/sessions")]).await.leads_to("/sessions");

    let page = browser.get("/sessions").await.body;
    assert!(page.contains("You were about to sign out all other browsers"), "{page}");
    browser.press("/sessions/end-others").await.leads_to("/sessions");
    assert_eq!(app.count().await, (1, 1));
}

#[rocket::async_test]
async fn holds_whatever_form_has_no_secret_when_the_proof_ran_out() {
    let (app, ada) = App::with_ada().await;
    app.turn_on_second_step(&ada).await;
    app.wait(Duration::from_secs(11 * 60));
    let buttons = [
        ("/two-factor/off", "turn off the second step"),
        ("/two-factor/recovery-codes", "make new recovery codes"),
        ("/two-factor/start", "set up the second step"),
    ];
    for (path, does) in buttons {
        let browser = app.browser_with(&ada);
        browser.press(path).await.leads_to("/confirm?next=/two-factor");
        assert!(browser.get("/profile").await.body.contains(&format!("You were about to {does}")), "{path}");
    }
}

#[rocket::async_test]
async fn is_not_offered_again_by_the_answer_to_its_sending() {
    let (app, ada) = App::with_ada().await;
    app.turn_on_second_step(&ada).await;
    app.wait(Duration::from_secs(11 * 60));
    let browser = app.browser_with(&ada);
    browser.press("/two-factor/recovery-codes").await.leads_to("/confirm?next=/two-factor");
    browser.submit("/confirm", &[("password", PASSWORD), ("next", "/two-factor")]).await.leads_to("/two-factor");

    let answer = browser.press("/two-factor/recovery-codes").await;

    let page = answer.is_page(Status::Ok);
    assert!(page.contains("Your recovery codes") && !page.contains("You were about to"), "{page}");
}

#[rocket::async_test]
async fn shows_what_it_will_send() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);
    app.wait(Duration::from_secs(31 * 60));
    browser.submit("/profile", &[("display_name", "<b>Ada</b>")]).await.leads_to("/login");
    browser.submit("/login", &LOG_IN).await.leads_to("/profile");
    assert!(browser.get("/profile").await.body.contains("(<bdi>&lt;b&gt;Ada&lt;&#x2F;b&gt;</bdi>)"));
}

#[rocket::async_test]
async fn is_sent_to_our_own_address_however_it_was_spelt() {
    let (app, ada) = App::with_ada().await;
    app.wait(Duration::from_secs(11 * 60));
    for path in ["//sessions/end-others", "/%73essions/end-others", "/sessions/end-others/"] {
        let browser = app.browser_with(&ada);
        browser.press(path).await.leads_to("/confirm?next=/sessions");
        let page = browser.get("/profile").await.body;
        assert!(page.contains(r#"action="&#x2F;sessions&#x2F;end-others""#), "{path}: {page}");
    }
}

#[rocket::async_test]
async fn is_for_people_and_programs_are_told_plainly() {
    let (app, ada) = App::with_ada().await;
    app.wait(Duration::from_secs(31 * 60));
    let answer = app.program_with(&ada).send("/profile", json!({ "display_name": "Ada L." })).await;
    answer.is_problem(Status::Unauthorized);
    assert_eq!(answer.all("Set-Cookie").count(), 0);
}
