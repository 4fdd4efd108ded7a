use rocket::http::Status;
use serde_json::json;

use crate::support::{App, input};

#[rocket::async_test]
async fn ada_changes_what_she_is_called_and_sees_it_everywhere() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);

    browser.submit("/profile", &[("display_name", "Ada, Countess of Lovelace")]).await.leads_to("/profile?done=name");

    assert!(browser.get("/profile?done=name").await.body.contains("Your display name is saved."));
    for path in ["/profile", "/", "/protected"] {
        assert!(browser.get(path).await.body.contains("<bdi>Ada, Countess of Lovelace</bdi>"), "{path}");
    }
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.json()["username"], "Ada");
}

#[rocket::async_test]
async fn everyone_sees_their_own_page_however_often_it_was_drawn_for_others() {
    let (app, ada) = App::with_ada().await;
    let bob = app.sign_up("Bob").await;
    for _ in 0..3 {
        for path in ["/profile", "/protected", "/", "/login", "/signup"] {
            let of = |body: String, name: &str| body.contains(&format!("<bdi>{name}</bdi>"));
            let (adas, bobs) = (app.browser_with(&ada).get(path).await, app.browser_with(&bob).get(path).await);
            let strangers = app.browser().get(path).await;

            assert!(of(adas.body.clone(), "Ada") && !of(adas.body, "Bob"), "{path}");
            assert!(of(bobs.body.clone(), "Bob") && !of(bobs.body, "Ada"), "{path}");
            assert!(!strangers.body.contains("<bdi>"), "{path}");
        }
    }
}

#[rocket::async_test]
async fn a_program_changes_it_and_gets_the_user() {
    let (app, ada) = App::with_ada().await;

    let answer = app.program_with(&ada).send("/profile", json!({ "display_name": "  עדה  " })).await;

    assert_eq!((answer.status, answer.json()["display_name"].clone()), (Status::Ok, json!("עדה")));
    assert_eq!(app.program_with(&ada).get("/profile").await.json()["user"]["display_name"], "עדה");
}

#[rocket::async_test]
async fn a_name_that_would_disturb_the_page_is_refused_beside_its_field() {
    let (app, ada) = App::with_ada().await;
    for name in ["", "   ", "\u{202E}adA", "A\u{0}da", "A\nda", &"a".repeat(65), &"\u{301}".repeat(300)] {
        let answer = app.browser_with(&ada).submit("/profile", &[("display_name", name)]).await;
        let page = answer.is_page(Status::UnprocessableEntity);
        assert!(page.contains(r#"id="display_name-problem""#), "{name:?}");
        assert!(input(page, "display_name").contains(r#"aria-invalid="true""#), "{name:?}");

        let answer = app.program_with(&ada).send("/profile", json!({ "display_name": name })).await;
        assert!(answer.is_problem(Status::UnprocessableEntity)["display_name"].is_string(), "{name:?}");
    }
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.json()["display_name"], "Ada");
}

#[rocket::async_test]
async fn a_name_is_text_on_every_page_whatever_it_holds() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);
    for name in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onfocus=alert(1) '",
        "{{ 7*7 }}",
        "&lt;b&gt;",
    ] {
        browser.submit("/profile", &[("display_name", name)]).await.leads_to("/profile?done=name");
        for path in ["/", "/profile", "/protected", "/nothing-here"] {
            let page = browser.get(path).await.body;
            let bare = page.replace("<svg", "").replace("autofocus", "");
            assert!(
                !bare.contains("<script")
                    && !bare.contains("<img")
                    && !bare.contains("\" onfocus")
                    && !bare.contains("' onfocus"),
                "{page}"
            );
            assert!(!page.contains("<bdi>49</bdi>") && !page.contains("<bdi><b>"), "{page}");
        }
        assert_eq!(app.program_with(&ada).get("/getusers/me").await.json()["display_name"], name);
    }
}

#[rocket::async_test]
async fn no_other_field_of_a_user_can_be_set() {
    let (app, ada) = App::with_ada().await;
    for field in ["username", "user_id", "created_at", "disabled_at", "password", "password_hash", "role"] {
        let body = json!({ "display_name": "Ada", field: "eve" });
        let errors = app.program_with(&ada).send("/profile", body).await.is_problem(Status::UnprocessableEntity);
        assert_eq!(errors[field], "There is no such field here.");
    }
}

#[rocket::async_test]
async fn a_stranger_changes_nothing() {
    let (app, ada) = App::with_ada().await;

    app.browser().submit("/profile", &[("display_name", "Eve")]).await.leads_to("/login");
    app.program().send("/profile", json!({ "display_name": "Eve" })).await.is_problem(Status::Unauthorized);

    assert_eq!(app.program_with(&ada).get("/getusers/me").await.json()["display_name"], "Ada");
}
