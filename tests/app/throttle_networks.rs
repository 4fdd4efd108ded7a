//! How many tries a network has.

use std::time::Duration;

use rocket::http::Status;
use serde_json::json;
use vestibule::auth::{MOST_FAILURES_OF_A_NETWORK, MOST_SIGN_UPS_OF_A_NETWORK, NETWORK_SPAN, SIGN_UP_SPAN};

use super::throttle::{fail, login, throttled};
use crate::support::{ADA, App, PASSWORD};

/// As `Retry-After` says it.
fn seconds(duration: Duration) -> String {
    duration.as_secs().to_string()
}

#[rocket::async_test]
async fn a_network_that_tries_many_names_is_stopped_and_its_neighbours_are_not() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let attacker = |n: i64| app.program().from(if n % 2 == 0 { "198.51.100.7" } else { "::ffff:198.51.100.7" });
    for n in 0..MOST_FAILURES_OF_A_NETWORK {
        assert_eq!(fail(&attacker(n), &format!("user{n}")).await.status, Status::Unauthorized);
    }
    let answer = fail(&attacker(0), "another").await;
    answer.is_problem(Status::TooManyRequests);
    assert_eq!(answer.header("Retry-After"), Some(&*seconds(NETWORK_SPAN)));
    assert!(answer.json()["detail"].as_str().unwrap().contains("in 15 minutes"));

    let neighbour = app.program().from("198.51.100.8");
    assert_eq!(neighbour.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
    app.wait(NETWORK_SPAN);
    assert_eq!(fail(&attacker(0), "another").await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn a_network_is_not_stopped_for_longer_because_a_clock_was_set_back() {
    let app = throttled().await;
    for n in 0..=MOST_FAILURES_OF_A_NETWORK {
        fail(&app.program().from("198.51.100.7"), &format!("user{n}")).await;
    }
    app.clock.turn_back(Duration::from_secs(365 * 86_400));
    assert_eq!(fail(&app.program().from("198.51.100.7"), "another").await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn all_addresses_of_a_64_share_one_budget() {
    let app = throttled().await;
    for n in 0..MOST_FAILURES_OF_A_NETWORK {
        let address = format!("2001:db8:1:2:{n:x}:{n:x}::1");
        assert_eq!(fail(&app.program().from(&address), &format!("user{n}")).await.status, Status::Unauthorized);
    }
    assert_eq!(fail(&app.program().from("2001:db8:1:2::9"), "x").await.status, Status::TooManyRequests);
    assert_eq!(fail(&app.program().from("2001:db8:1:3::9"), "x").await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn a_success_of_ones_own_does_not_clear_the_failures_of_the_network() {
    let app = throttled().await;
    app.sign_up("eve").await;
    for n in 0..MOST_FAILURES_OF_A_NETWORK - 1 {
        fail(&app.program().from("198.51.100.7"), &format!("user{n}")).await;
    }
    for _ in 0..5 {
        let own = app.program().from("198.51.100.7").send("/login", login("eve", PASSWORD)).await;
        assert_eq!(own.status, Status::Ok);
    }
    assert_eq!(fail(&app.program().from("198.51.100.7"), "one").await.status, Status::Unauthorized);
    assert_eq!(fail(&app.program().from("198.51.100.7"), "two").await.status, Status::TooManyRequests);
}

#[rocket::async_test]
async fn sign_ups_of_a_network_are_limited() {
    let app = throttled().await;
    app.sign_up("taken").await;
    for n in 0..MOST_SIGN_UPS_OF_A_NETWORK {
        let answer =
            app.program().from("198.51.100.7").send("/signup", login("taken", &format!("{PASSWORD} {n}"))).await;
        assert_eq!(answer.status, Status::Conflict);
    }
    let before = app.auth().hashes_computed();
    let answer = app.program().from("198.51.100.7").send("/signup", login("eve", PASSWORD)).await;
    answer.is_problem(Status::TooManyRequests);
    assert_eq!(answer.header("Retry-After"), Some(&*seconds(SIGN_UP_SPAN)));
    assert_eq!(app.auth().hashes_computed(), before);
    assert_eq!(
        app.program().from("198.51.100.9").send("/signup", login("eve", PASSWORD)).await.status,
        Status::Created
    );
}

#[rocket::async_test]
async fn only_the_proxies_that_are_listed_say_who_is_asking() {
    let app = App::with_settings(&[("throttle", json!(true)), ("trusted_proxies", json!(["10.0.0.0/8"]))]).await;
    let ada = app.sign_up(ADA).await;
    let network = async |peer: &str, forwarded: &str| {
        let program =
            app.program_with(&ada).from(peer).with("X-Forwarded-For", forwarded).with("X-Real-IP", "192.0.2.99");
        program.send("/login", login(ADA, PASSWORD)).await;
        let cookies = program.cookies.borrow().clone();
        let told = app.program_with(&cookies).get("/sessions").await.json();
        let this = told["sessions"].as_array().unwrap().iter().find(|session| session["is_this"] == json!(true));
        this.unwrap()["network"].clone()
    };

    assert_eq!(network("10.1.2.3", "198.51.100.7").await, "198.51.100.0/24");
    assert_eq!(network("10.1.2.3", "192.0.2.1, 198.51.100.7, 10.9.9.9").await, "198.51.100.0/24");
    assert_eq!(network("203.0.113.5", "198.51.100.7").await, "203.0.113.0/24");
    assert_eq!(network("10.1.2.3", "nonsense").await, "10.1.2.0/24");
}
