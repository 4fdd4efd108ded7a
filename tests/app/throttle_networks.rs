//! How many tries a network has.

use std::time::Duration;

use rocket::http::Status;
use serde_json::json;
use vestibule::auth::{
    MOST_FAILURES_IN_A_ROW, MOST_FAILURES_OF_A_NETWORK, MOST_SIGN_UPS_OF_A_NETWORK, NETWORK_SPAN, SIGN_UP_SPAN,
};

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
    let sign_up = async |from: &str, name: &str| app.program().from(from).send("/signup", login(name, PASSWORD)).await;
    for n in 0..MOST_SIGN_UPS_OF_A_NETWORK {
        assert_eq!(sign_up("198.51.100.7", &format!("user{n}")).await.status, Status::Created);
    }

    let before = app.auth().hashes_computed();
    let answer = sign_up("198.51.100.7", "eve").await;
    answer.is_problem(Status::TooManyRequests);
    assert_eq!(answer.header("Retry-After"), Some(&*seconds(SIGN_UP_SPAN)));
    assert_eq!(app.auth().hashes_computed(), before);
    assert_eq!(sign_up("198.51.100.9", "eve").await.status, Status::Created);
}

#[rocket::async_test]
async fn names_that_are_taken_do_not_close_signing_up_for_a_network() {
    let app = throttled().await;
    app.sign_up("taken").await;
    for n in 0..MOST_SIGN_UPS_OF_A_NETWORK + 1 {
        let taken = login("taken", &format!("{PASSWORD} {n}"));
        let answer = app.program().from("198.51.100.7").send("/signup", taken).await;
        assert_eq!(answer.status, Status::Conflict, "{n}");
    }

    let answer = app.program().from("198.51.100.7").send("/signup", login("eve", PASSWORD)).await;
    assert_eq!(answer.status, Status::Created, "{}", answer.body);
}

#[rocket::async_test]
async fn tries_that_were_refused_do_not_shut_the_neighbours_out() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let old_script = app.program().from("198.51.100.7");
    for _ in 0..MOST_FAILURES_OF_A_NETWORK * 2 {
        fail(&old_script, "eve").await;
    }

    let neighbour = app.program().from("198.51.100.7");
    assert_eq!(neighbour.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
}

#[rocket::async_test]
async fn what_the_network_refuses_is_no_failure_of_the_name() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let network = app.program().from("198.51.100.7");
    for n in 0..MOST_FAILURES_OF_A_NETWORK {
        fail(&network, &format!("user{n}")).await;
    }
    for _ in 0..MOST_FAILURES_IN_A_ROW * 2 {
        assert_eq!(fail(&network, ADA).await.header("Retry-After"), Some(&*seconds(NETWORK_SPAN)));
    }

    let answer = app.program().from("198.51.100.8").send("/login", login(ADA, PASSWORD)).await;
    assert_eq!(answer.status, Status::Ok, "the name is not locked: {}", answer.body);
    app.wait(NETWORK_SPAN);
    assert_eq!(network.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok, "and nothing delays it there");
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

#[rocket::async_test]
async fn a_proxy_whose_address_is_mapped_into_ipv6_is_the_one_that_is_listed() {
    let app = App::with_settings(&[("trusted_proxies", json!(["10.0.0.0/8"]))]).await;
    let program = app.program().from("::ffff:10.1.2.3").with("X-Forwarded-For", "198.51.100.7");
    program.send("/signup", login(ADA, PASSWORD)).await;

    assert_eq!(program.get("/sessions").await.json()["sessions"][0]["network"], "198.51.100.0/24");
}
