//! What strangers cannot do to whoever the account belongs to, and what does not count against them.

use std::time::Duration;

use rocket::futures::future::join_all;
use rocket::http::Status;
use serde_json::json;
use vestibule::auth::MOST_FAILURES_IN_A_ROW;

use super::throttle::{LONGEST_DELAY, elsewhere, fail, fail_from_everywhere, login, throttled};
use crate::support::{ADA, App, PASSWORD};

#[rocket::async_test]
async fn one_who_tries_all_the_time_takes_no_try_of_the_owners() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let attacker = app.program().from("203.0.113.9");
    for n in 0..118 {
        fail(&attacker, ADA).await;
        let owner = app.program().from("198.51.100.7");
        assert_eq!(owner.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok, "try {n}");
        app.wait(Duration::from_secs(30));
    }
}

#[rocket::async_test]
async fn eight_attackers_in_ten_minutes_do_not_keep_the_owner_out() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let mut may_try_at = [0; 8];
    for second in 0..600 {
        for (attacker, at) in may_try_at.iter_mut().enumerate().filter(|(_, at)| **at <= second) {
            let mut answer = fail(&app.program().from(&format!("203.0.113.{attacker}")), ADA).await;
            while answer.status == Status::Unauthorized {
                answer = fail(&app.program().from(&format!("203.0.113.{attacker}")), ADA).await;
            }
            *at = second + answer.header("Retry-After").unwrap().parse::<u64>().unwrap();
        }
        app.wait(Duration::from_secs(1));
    }

    let owner = app.program().from("198.51.100.7");
    assert_eq!(owner.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_success_of_the_owners_gives_those_who_wait_no_new_tries() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let attacker = app.program().from("203.0.113.9");
    for _ in 0..5 {
        fail(&attacker, ADA).await;
    }

    let owner = app.program().from("198.51.100.7");
    assert_eq!(owner.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);

    assert_eq!(fail(&attacker, ADA).await.status, Status::TooManyRequests);
}

#[rocket::async_test]
async fn every_way_out_of_a_lock_opens_at_the_first_try_however_many_go_on() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    let (phone, recovery_codes) = app.turn_on_second_step(&ada).await;
    app.wait(LONGEST_DELAY);
    let both = |code: &str| json!({ "username": ADA, "password": PASSWORD, "code": code });
    let known = app.program().from("198.51.100.6");
    assert_eq!(known.send("/login", both(&phone.code(&app))).await.status, Status::Ok);
    let attack = async |from: i64| {
        for n in from..from + MOST_FAILURES_IN_A_ROW + 20 {
            fail(&app.program().from(&elsewhere(n)), ADA).await;
        }
        app.wait(LONGEST_DELAY);
    };

    attack(0).await;
    let answer = app.program().from("198.51.100.7").send("/login", both(&phone.code(&app))).await;
    assert_eq!(answer.status, Status::Ok, "password and code: {}", answer.body);
    attack(400).await;
    let answer = app.program().from("198.51.100.8").send("/login", both(&recovery_codes[0])).await;
    assert_eq!(answer.status, Status::Ok, "password and recovery code: {}", answer.body);
    attack(800).await;
    let browser = app.browser().from("198.51.100.9");
    browser.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.leads_to("/login/code");
    browser.submit("/login/code", &[("code", &phone.code(&app))]).await.leads_to("/profile");
    attack(1_200).await;
    let answer = known.send("/login", both(&phone.code(&app))).await;
    assert_eq!(answer.status, Status::Ok, "the known browser: {}", answer.body);
}

#[rocket::async_test]
async fn a_lock_cannot_be_told_from_one_of_a_name_that_nobody_has() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    fail_from_everywhere(&app, ADA, MOST_FAILURES_IN_A_ROW).await;
    fail_from_everywhere(&app, "nobody", MOST_FAILURES_IN_A_ROW).await;

    let (known, unknown) = (fail(&app.program(), ADA).await, fail(&app.program(), "nobody").await);

    assert_eq!((known.status, &known.json()["detail"]), (unknown.status, &unknown.json()["detail"]));
    assert_eq!(known.status, Status::TooManyRequests);
}

#[rocket::async_test]
async fn a_try_that_found_the_queue_full_is_no_failure() {
    let app = App::with_settings(&[("throttle", json!(true)), ("hash_queue", json!(1))]).await;
    app.sign_up(ADA).await;
    let mut found_full = 0;
    while found_full < 12 {
        let at_once = (0..3).map(async |_| app.program().send("/login", login(ADA, PASSWORD)).await.status);
        for status in join_all(at_once).await {
            assert!([Status::Ok, Status::ServiceUnavailable].contains(&status), "{status}");
            found_full += usize::from(status == Status::ServiceUnavailable);
        }
    }
    let counted = "SELECT COUNT(*) FROM throttle WHERE tries > 0 AND bucket NOT LIKE 'sign-up:%'";
    assert_eq!(app.run_sql(counted).await, Some(0));

    assert_eq!(app.program().send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
}

#[rocket::async_test]
async fn whoever_knows_the_password_and_is_asked_for_a_code_has_not_failed() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    app.turn_on_second_step(&ada).await;
    for n in 0..30 {
        let asked = app.program().from("198.51.100.7").send("/login", login(ADA, PASSWORD)).await;
        assert_eq!(asked.status, Status::Unauthorized, "{n}: {}", asked.body);
    }

    assert_eq!(
        app.run_sql("SELECT COUNT(*) FROM throttle WHERE tries > 0 AND bucket NOT LIKE 'new-codes:%'").await,
        Some(0)
    );
}

#[rocket::async_test]
async fn what_was_not_looked_at_takes_no_delay_of_anothers_back() {
    let app = App::with_settings(&[("throttle", json!(true)), ("hash_queue", json!(1))]).await;
    app.sign_up(ADA).await;
    let mut failed = 0;
    while failed < 4 {
        let at_once = (0..4).map(async |_| fail(&app.program(), ADA).await.status);
        failed += join_all(at_once).await.iter().filter(|status| **status == Status::Unauthorized).count();
    }

    assert_eq!(fail(&app.program(), ADA).await.status, Status::TooManyRequests, "after {failed} failures");
}
