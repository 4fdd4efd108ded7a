use std::time::Duration;

use rocket::futures::future::join_all;
use rocket::http::Status;
use serde_json::json;
use vestibule::model::{PROOF_LASTS, RecoveryCode, TotpSecret};

use crate::support::{ADA, App, Cookies, PASSWORD, Phone, adas, input};

const CODE_LASTS: Duration = Duration::from_secs(TotpSecret::STEP.unsigned_abs());

const LOG_IN: [(&str, &str); 2] = [("username", ADA), ("password", PASSWORD)];

/// Ada with the second step on, half a minute later, so that the code that turned it on is over.
async fn with_phone() -> (App, Cookies, Phone, Vec<String>) {
    let (app, ada) = App::with_ada().await;
    let (phone, codes) = app.turn_on_second_step(&ada).await;
    app.wait(CODE_LASTS);
    (app, ada, phone, codes)
}

fn with_code(code: &str) -> serde_json::Value {
    json!({ "username": ADA, "password": PASSWORD, "code": code })
}

#[rocket::async_test]
async fn between_the_steps_there_is_no_session_and_after_them_one() {
    let (app, _, phone, _) = with_phone().await;
    let browser = app.browser();
    let before = app.count().await;

    let first = [LOG_IN[0], LOG_IN[1], ("next", "/protected")];
    browser.submit("/login", &first).await.leads_to("/login/code");

    assert_eq!(app.count().await, before);
    assert!(!browser.cookies.borrow().contains_key("session_id"));
    browser.get("/protected").await.leads_to("/login?next=/protected");
    let answer = browser.get("/login/code").await;
    assert!(input(answer.is_page(Status::Ok), "code").contains(r#"autocomplete="one-time-code""#));
    browser.submit("/login/code", &[("code", &phone.code(&app))]).await.leads_to("/protected");
    assert_eq!(browser.get("/protected").await.status, Status::Ok);
    assert!(!browser.cookies.borrow().contains_key("login_ticket"));
}

#[rocket::async_test]
async fn no_path_gets_a_session_by_the_password_alone() {
    let (app, _, phone, _) = with_phone().await;
    let before = app.count().await;
    let basic = format!("Basic {}", data_encoding::BASE64.encode(format!("{ADA}:{PASSWORD}").as_bytes()));
    let by_basic = app.program().with("Authorization", basic.clone());

    for answer in [app.program().send("/login", adas()).await, by_basic.press("/login").await] {
        answer.is_problem(Status::Unauthorized);
        assert_eq!(answer.json()["type"], "urn:vestibule:problem:code-needed");
        assert!(!answer.all("Set-Cookie").any(|set| set.starts_with("session_id=")), "{answer:?}");
    }
    assert_eq!(app.count().await, before);

    let code = json!({ "code": phone.code(&app) });
    assert_eq!(app.program().with("Authorization", basic).send("/login", code).await.status, Status::Ok);
    app.wait(CODE_LASTS);
    assert_eq!(app.program().send("/login", with_code(&phone.code(&app))).await.status, Status::Ok);
    app.wait(CODE_LASTS);
    let stepwise = app.program();
    stepwise.send("/login", adas()).await.is_problem(Status::Unauthorized);
    assert_eq!(stepwise.send("/login/code", json!({ "code": phone.code(&app) })).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_wrong_password_is_refused_alike_with_and_without_a_code() {
    let (app, _, phone, _) = with_phone().await;
    let wrong = json!({ "username": ADA, "password": "not the password", "code": phone.code(&app) });
    let answer = app.program().send("/login", wrong).await;
    answer.is_problem(Status::Unauthorized);
    assert_eq!(answer.json()["type"], "about:blank");
    assert_eq!(
        app.program().send("/login", with_code(&phone.code(&app))).await.status,
        Status::Ok,
        "the code was not used up"
    );
}

#[rocket::async_test]
async fn a_code_works_once() {
    let (app, _, phone, _) = with_phone().await;
    let code = phone.code(&app);
    assert_eq!(app.program().send("/login", with_code(&code)).await.status, Status::Ok);

    let again = app.program().send("/login", with_code(&code)).await;

    assert_eq!(
        again.is_problem(Status::Unauthorized)["code"],
        "This code was used already, or a later one was. Wait for a newer one."
    );
}

#[rocket::async_test]
async fn of_two_right_codes_at_once_one_makes_a_session() {
    let (app, _, phone, _) = with_phone().await;
    for round in 0..5 {
        let (before, code) = (app.count().await, phone.code(&app));
        let answers = join_all((0..4).map(async |_| app.program().send("/login", with_code(&code)).await.status)).await;

        assert_eq!(answers.iter().filter(|status| **status == Status::Ok).count(), 1, "round {round}: {answers:?}");
        assert_eq!(app.count().await.1, before.1 + 1, "round {round}");
        app.wait(CODE_LASTS);
    }
}

#[rocket::async_test]
async fn each_recovery_code_works_once_also_when_it_is_sent_twice_at_once() {
    let (app, ada, _, codes) = with_phone().await;
    assert_eq!(codes.len(), RecoveryCode::AT_ONCE);
    for (n, code) in codes.iter().take(3).enumerate() {
        let before = app.count().await;
        let answers = join_all((0..3).map(async |_| app.program().send("/login", with_code(code)).await.status)).await;

        assert_eq!(answers.iter().filter(|status| **status == Status::Ok).count(), 1, "{answers:?}");
        assert_eq!(app.count().await.1, before.1 + 1);
        let left = app.program_with(&ada).get("/two-factor").await.json();
        assert_eq!(left["recovery_codes_left"], RecoveryCode::AT_ONCE - 1 - n);
    }
    app.activity(&ada, "recovery_code_used", 3).await;
}

#[rocket::async_test]
async fn nobody_signs_in_with_the_codes_of_another() {
    let (app, _, _, _) = with_phone().await;
    let eve = app.sign_up("eve").await;
    let (eves, codes) = app.turn_on_second_step(&eve).await;
    app.wait(CODE_LASTS);
    for code in [eves.code(&app), codes[0].clone()] {
        app.program().send("/login", with_code(&code)).await.is_problem(Status::Unauthorized);
    }
}

#[rocket::async_test]
async fn a_right_code_of_another_time_says_that_the_clock_is_off() {
    let (app, _, phone, _) = with_phone().await;
    for (later, words) in
        [(120, "about 2 minutes ahead. Set it right, and try again in 3 minutes."), (-300, "about 5 minutes behind")]
    {
        let answer = app.program().send("/login", with_code(&phone.code_at(&app, later))).await;
        let errors = answer.is_problem(Status::Unauthorized);
        assert!(errors["code"].as_str().unwrap().contains(words), "{errors}");
    }
    app.wait(6 * CODE_LASTS);
    for later in [-30, 30] {
        assert_eq!(
            app.program().send("/login", with_code(&phone.code_at(&app, later))).await.status,
            Status::Ok,
            "{later}"
        );
        app.wait(3 * CODE_LASTS);
    }
}

#[rocket::async_test]
async fn what_is_typed_wrong_is_said_beside_the_field() {
    let (app, _, phone, _) = with_phone().await;
    let (browser, wrong) = (app.browser(), phone.wrong_code(&app));
    browser.submit("/login", &LOG_IN).await.leads_to("/login/code");
    for (code, status) in [("", 422), (&*wrong, 401), ("12345", 401), ("abcde-fghij", 401), ("😀😀😀😀😀😀", 401)]
    {
        let answer = browser.submit("/login/code", &[("code", code)]).await;
        let page = answer.is_page(Status::new(status));
        assert!(page.contains(r#"id="code-problem""#), "{page}");
    }
}

#[rocket::async_test]
async fn a_ticket_is_good_for_ten_minutes_and_for_one_password() {
    let (app, ada, phone, _) = with_phone().await;
    let browser = app.browser();
    browser.submit("/login", &LOG_IN).await.leads_to("/login/code");
    app.wait(PROOF_LASTS);
    browser.submit("/login/code", &[("code", &phone.code(&app))]).await.leads_to("/login");

    let browser = app.browser();
    browser.submit("/login", &LOG_IN).await.leads_to("/login/code");
    let program = app.program_with(&ada);
    program.send("/confirm", json!({ "password": PASSWORD })).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "entirely different words" });
    assert_eq!(program.send("/password", change).await.status, Status::Ok);
    browser.submit("/login/code", &[("code", &phone.code(&app))]).await.leads_to("/login");
}

#[rocket::async_test]
async fn without_a_first_step_there_is_no_second() {
    let (app, _, phone, _) = with_phone().await;
    app.browser().get("/login/code").await.leads_to("/login");
    app.browser().submit("/login/code", &[("code", &phone.code(&app))]).await.leads_to("/login");
    app.program().send("/login/code", json!({ "code": phone.code(&app) })).await.is_problem(Status::Unauthorized);

    let forged = app.browser();
    forged.cookies.borrow_mut().insert("login_ticket".into(), "forged".into());
    forged.submit("/login/code", &[("code", &phone.code(&app))]).await.leads_to("/login");
}

#[rocket::async_test]
async fn a_code_that_was_typed_too_early_is_worth_nothing_later() {
    let (app, _, phone, _) = with_phone().await;
    let early = phone.code_at(&app, 120);
    app.program().send("/login", with_code(&early)).await.is_problem(Status::Unauthorized);

    app.wait(4 * CODE_LASTS);

    let answer = app.program().send("/login", with_code(&early)).await;
    assert!(answer.is_problem(Status::Unauthorized)["code"].as_str().unwrap().contains("used already"));
    app.wait(CODE_LASTS);
    assert_eq!(app.program().send("/login", with_code(&phone.code(&app))).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_code_before_the_last_one_taken_is_worth_nothing() {
    let (app, _, phone, _) = with_phone().await;
    app.wait(2 * CODE_LASTS);
    let (earlier, later) = (phone.code(&app), phone.code_at(&app, TotpSecret::STEP));
    assert_eq!(app.program().send("/login", with_code(&later)).await.status, Status::Ok);

    let answer = app.program().send("/login", with_code(&earlier)).await;

    assert!(answer.is_problem(Status::Unauthorized)["code"].as_str().unwrap().contains("used already"));
}

#[rocket::async_test]
async fn of_two_codes_typed_too_early_the_first_was_worth_something_at_its_time() {
    for early in [[3, 5], [5, 3]] {
        let (app, _, phone, _) = with_phone().await;
        let codes = early.map(|steps| phone.code_at(&app, steps * TotpSecret::STEP));
        for code in &codes {
            app.program().send("/login", with_code(code)).await.is_problem(Status::Unauthorized);
        }

        // None is taken up to the latest of them, typed or not.
        app.wait(2 * CODE_LASTS);
        for code in [&codes[0], &codes[1], &phone.code(&app), &phone.code_at(&app, 2 * TotpSecret::STEP)] {
            app.program().send("/login", with_code(code)).await.is_problem(Status::Unauthorized);
        }
        app.wait(4 * CODE_LASTS);
        assert_eq!(app.program().send("/login", with_code(&phone.code(&app))).await.status, Status::Ok, "{early:?}");
    }
}

#[rocket::async_test]
async fn whoever_sets_the_clock_right_while_setting_up_a_phone_need_not_wait() {
    let (app, ada) = App::with_ada().await;
    let program = app.program_with(&ada);
    let phone = Phone::set_up(&program.press("/two-factor/start").await.json());

    let ahead = program.send("/two-factor/on", json!({ "code": phone.code_at(&app, 300) })).await;
    let says = ahead.is_problem(Status::UnprocessableEntity)["code"].to_string();
    assert!(says.contains("5 minutes ahead") && says.contains("try the next code"), "{says}");

    assert_eq!(program.send("/two-factor/on", json!({ "code": phone.code(&app) })).await.status, Status::Ok);
    app.wait(CODE_LASTS);
    assert_eq!(app.program().send("/login", with_code(&phone.code(&app))).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_first_step_is_worth_nothing_once_the_second_was_turned_off_or_the_account_disabled() {
    let (app, ada, phone, _) = with_phone().await;
    let user_id = app.auth().find_user(ADA).await.unwrap().unwrap().user_id;
    let (early, late) = (app.program(), app.program());
    early.send("/login", adas()).await.is_problem(Status::Unauthorized);
    let code = json!({ "code": phone.code(&app) });

    app.auth().disable(user_id).await.unwrap();
    early.send("/login/code", code.clone()).await.is_problem(Status::Unauthorized);
    app.auth().enable(user_id).await.unwrap();
    late.send("/login", adas()).await.is_problem(Status::Unauthorized);
    let owner = app.program_with(&ada);
    owner.send("/login", with_code(&phone.code(&app))).await;
    assert_eq!(owner.press("/two-factor/off").await.status, Status::Ok);

    late.send("/login/code", code).await.is_problem(Status::Unauthorized);
}
