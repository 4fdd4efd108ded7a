use std::time::Duration;

use rocket::futures::future::join_all;
use rocket::http::Status;
use serde_json::{Value, json};
use vestibule::auth::{
    MOST_FAILURES_IN_A_ROW, MOST_FAILURES_OF_A_NETWORK, MOST_SIGN_UPS_OF_A_NETWORK, NETWORK_SPAN, SIGN_UP_SPAN,
};

use crate::support::{ADA, Answer, App, PASSWORD, Visitor};

/// How long one who failed often waits at the most. A code of a phone lasts as long.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

async fn throttled() -> App {
    App::with_settings(&[("throttle", json!(true))]).await
}

fn login(username: &str, password: &str) -> Value {
    json!({ "username": username, "password": password })
}

async fn fail(visitor: &Visitor<'_>, username: &str) -> Answer {
    visitor.send("/login", login(username, "not the password")).await
}

/// As `Retry-After` says it.
fn seconds(duration: Duration) -> String {
    duration.as_secs().to_string()
}

#[rocket::async_test]
async fn failures_are_slowed_down_more_and_more_after_the_fourth() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let stranger = app.program();
    for _ in 0..4 {
        assert_eq!(fail(&stranger, ADA).await.status, Status::Unauthorized);
    }
    for wait in [1, 2, 4, 8, 16, 30, 30] {
        let answer = fail(&stranger, ADA).await;
        answer.is_problem(Status::TooManyRequests);
        assert_eq!(answer.header("Retry-After"), Some(wait.to_string().as_str()));
        let words = format!("try again in {wait} second");
        assert!(answer.json()["detail"].as_str().unwrap().contains(&words), "{}", answer.body);

        app.wait(Duration::from_secs(wait));
        assert_eq!(fail(&stranger, ADA).await.status, Status::Unauthorized, "after {wait} seconds");
    }
}

#[rocket::async_test]
async fn a_person_reads_on_a_page_when_to_try_again() {
    let app = throttled().await;
    for _ in 0..4 {
        fail(&app.program(), ADA).await;
    }
    let answer = app.browser().submit("/login", &[("username", ADA), ("password", PASSWORD)]).await;
    let page = answer.is_page(Status::TooManyRequests);
    assert!(page.contains("Please try again in 1 second."), "{page}");
    assert_eq!(answer.header("Retry-After"), Some("1"));
}

#[rocket::async_test]
async fn many_guesses_at_once_do_not_overtake_the_counter() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let before = app.auth().hashes_computed();

    let answers = join_all((0..200).map(async |_| fail(&app.program(), ADA).await.status)).await;

    let tried = answers.iter().filter(|status| **status == Status::Unauthorized).count();
    assert_eq!(tried, 4, "{answers:?}");
    assert_eq!(app.auth().hashes_computed() - before, 4);
    assert_eq!(answers.iter().filter(|status| **status == Status::TooManyRequests).count(), 196);
}

#[rocket::async_test]
async fn a_name_that_nobody_has_is_slowed_down_just_the_same() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    for _ in 0..8 {
        let (known, unknown) = (fail(&app.program(), ADA).await, fail(&app.program(), "eve").await);
        assert_eq!(known.status, unknown.status);
        assert_eq!(known.header("Retry-After"), unknown.header("Retry-After"));
        assert_eq!(known.json()["detail"], unknown.json()["detail"]);
        app.wait(Duration::from_millis(900));
    }
}

#[rocket::async_test]
async fn no_spelling_of_name_or_address_opens_a_second_bucket() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let program = app.program();
    for (path, name) in [("/login", "ada"), ("/login/", "ADA"), ("//login", "aDa"), ("/%6Cogin", "Ada")] {
        let answer = program.send(path, login(name, "not the password")).await;
        assert_eq!(answer.status, Status::Unauthorized, "{path} {name}");
    }
    assert_eq!(fail(&program, "adA").await.status, Status::TooManyRequests);
    let form = app.browser().submit("/login", &[("username", "AdA"), ("password", "not the password")]).await;
    assert_eq!(form.status, Status::TooManyRequests);
    let basic = format!("Basic {}", data_encoding::BASE64.encode(b"ADA:not the password"));
    assert_eq!(app.program().with("Authorization", basic).press("/login").await.status, Status::TooManyRequests);
}

#[rocket::async_test]
async fn a_success_begins_the_count_of_that_user_anew_and_of_no_other() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    app.sign_up("eve").await;
    for _ in 0..3 {
        fail(&app.program(), ADA).await;
        fail(&app.program(), "eve").await;
    }
    assert_eq!(app.program().send("/login", login("eve", PASSWORD)).await.status, Status::Ok);

    for _ in 0..4 {
        assert_eq!(fail(&app.program(), "eve").await.status, Status::Unauthorized);
    }
    fail(&app.program(), ADA).await;
    assert_eq!(fail(&app.program(), ADA).await.status, Status::TooManyRequests, "Ada's count went on");
}

#[rocket::async_test]
async fn a_browser_that_has_logged_in_before_keeps_its_own_budget() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    app.browser_with(&known).press("/logout").await;
    for _ in 0..MOST_FAILURES_IN_A_ROW * 3 / 2 {
        fail(&app.program().from("203.0.113.9"), ADA).await;
        app.wait(LONGEST_DELAY);
    }
    assert_eq!(fail(&app.program().from("203.0.113.9"), ADA).await.status, Status::TooManyRequests);

    let owner = app.browser_with(&known).from("203.0.113.9");
    owner.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.leads_to("/profile");
}

#[rocket::async_test]
async fn a_browser_that_is_known_to_another_has_no_budget_here() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let eve = app.sign_up("eve").await;
    for _ in 0..4 {
        fail(&app.program_with(&eve), ADA).await;
    }
    assert_eq!(fail(&app.program_with(&eve), ADA).await.status, Status::TooManyRequests);
}

#[rocket::async_test]
async fn a_known_browser_is_slowed_down_by_its_own_failures() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let thief = app.program_with(&known);
    for _ in 0..4 {
        assert_eq!(fail(&thief, ADA).await.status, Status::Unauthorized);
    }
    assert_eq!(fail(&thief, ADA).await.status, Status::TooManyRequests);
    assert_eq!(app.program().send("/login", login(ADA, PASSWORD)).await.status, Status::Ok, "others are not");
}

#[rocket::async_test]
async fn after_a_hundred_failures_in_a_row_the_password_alone_does_not_open_the_account() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    for _ in 0..MOST_FAILURES_IN_A_ROW {
        assert_eq!(fail(&app.program(), ADA).await.status, Status::Unauthorized);
        app.wait(LONGEST_DELAY);
    }
    let right = app.program().send("/login", login(ADA, PASSWORD)).await;
    right.is_problem(Status::TooManyRequests);
    assert!(right.json()["detail"].as_str().unwrap().contains("where you have logged in before"), "{}", right.body);
    app.wait(LONGEST_DELAY);
    let wrong = fail(&app.program(), ADA).await;
    assert_eq!(wrong.json()["detail"], right.json()["detail"], "and does not tell whether it was right");

    app.wait(LONGEST_DELAY);
    let owner = app.program_with(&known);
    assert_eq!(owner.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
    assert_eq!(app.program().send("/login", login(ADA, PASSWORD)).await.status, Status::Ok, "the count began anew");
}

#[rocket::async_test]
async fn with_a_second_step_the_owner_gets_in_even_then() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let (phone, _) = app.turn_on_second_step(&known).await;
    for _ in 0..MOST_FAILURES_IN_A_ROW {
        fail(&app.program(), ADA).await;
        app.wait(LONGEST_DELAY);
    }
    let mut both = login(ADA, PASSWORD);
    both["code"] = json!(phone.code(&app));
    assert_eq!(app.program().send("/login", both).await.status, Status::Ok);
}

#[rocket::async_test]
async fn whoever_is_still_signed_in_can_open_the_account_again_by_confirming() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    for _ in 0..MOST_FAILURES_IN_A_ROW {
        fail(&app.program(), ADA).await;
        app.wait(Duration::from_secs(1));
        app.program_with(&known).get("/getusers/me").await;
        app.wait(LONGEST_DELAY - Duration::from_secs(1));
    }
    app.program().send("/login", login(ADA, PASSWORD)).await.is_problem(Status::TooManyRequests);

    assert_eq!(app.program_with(&known).send("/confirm", json!({ "password": PASSWORD })).await.status, Status::Ok);

    assert_eq!(app.program().send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
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
async fn codes_and_confirmations_are_slowed_down_too() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    let program = app.program_with(&ada);
    for _ in 0..4 {
        program
            .send("/confirm", json!({ "password": "not the password" }))
            .await
            .is_problem(Status::UnprocessableEntity);
    }
    program.send("/confirm", json!({ "password": PASSWORD })).await.is_problem(Status::TooManyRequests);
    let change = json!({ "current_password": PASSWORD, "new_password": "another long password" });
    program.send("/password", change).await.is_problem(Status::TooManyRequests);
    program.send("/delete-account", json!({ "password": PASSWORD })).await.is_problem(Status::TooManyRequests);
    app.wait(Duration::from_secs(1));
    assert_eq!(program.send("/confirm", json!({ "password": PASSWORD })).await.status, Status::Ok);

    let cookies = program.cookies.borrow().clone();
    let (phone, _) = app.turn_on_second_step(&cookies).await;
    app.wait(LONGEST_DELAY);
    let with_code = |code: String| json!({ "username": ADA, "password": PASSWORD, "code": code });
    for _ in 0..4 {
        let answer = app.program_with(&cookies).send("/login", with_code(phone.wrong_code(&app))).await;
        assert_eq!(answer.status, Status::Unauthorized, "{}", answer.body);
        app.wait(Duration::from_millis(1));
    }
    app.wait(Duration::from_millis(200));
    let answer = app.program_with(&cookies).send("/login", with_code(phone.code(&app))).await;
    answer.is_problem(Status::TooManyRequests);
}

#[rocket::async_test]
async fn nothing_is_tried_when_it_cannot_be_counted() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let before = app.auth().hashes_computed();
    app.auth().close().await;

    app.program().send("/login", login(ADA, PASSWORD)).await.is_problem(Status::ServiceUnavailable);
    assert_eq!(app.auth().hashes_computed(), before);
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
async fn logins_with_a_second_step_that_succeed_use_no_budget_up() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let (phone, _) = app.turn_on_second_step(&known).await;
    let owner = app.browser_with(&known).from("198.51.100.7");
    for round in 0..12 {
        app.wait(LONGEST_DELAY);
        owner.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.leads_to("/login/code");
        let answer = owner.submit("/login/code", &[("code", &phone.code(&app))]).await;
        assert_eq!(answer.header("Location"), Some("/profile"), "round {round}: {}", answer.body);
    }
    for round in 0..=MOST_FAILURES_OF_A_NETWORK {
        app.wait(Duration::from_millis(10));
        let stranger = app.browser().from("198.51.100.9");
        if round > 3 {
            app.wait(LONGEST_DELAY);
        }
        let answer = stranger.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await;
        assert_ne!(
            answer.header("Retry-After"),
            Some(&*seconds(NETWORK_SPAN)),
            "round {round}: a network that knows the password failed nowhere"
        );
    }
}

#[rocket::async_test]
async fn whoever_knows_the_password_alone_cannot_keep_the_owner_out_by_wrong_codes() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let (phone, recovery_codes) = app.turn_on_second_step(&known).await;
    let with_code = |code: &str| json!({ "username": ADA, "password": PASSWORD, "code": code });
    for _ in 0..MOST_FAILURES_IN_A_ROW + 10 {
        app.wait(LONGEST_DELAY);
        app.program().from("203.0.113.9").send("/login", with_code(&phone.wrong_code(&app))).await;
    }

    let owner = app.program_with(&known).from("203.0.113.9");
    assert_eq!(owner.send("/login", with_code(&phone.code(&app))).await.status, Status::Ok, "the known browser");
    for _ in 0..MOST_FAILURES_IN_A_ROW + 10 {
        app.wait(LONGEST_DELAY);
        app.program().from("203.0.113.9").send("/login", with_code(&phone.wrong_code(&app))).await;
    }
    app.wait(LONGEST_DELAY);
    let locked = app.program().from("198.51.100.7").send("/login", with_code(&phone.code(&app))).await;
    locked.is_problem(Status::TooManyRequests);
    assert!(locked.json()["detail"].as_str().unwrap().contains("Use a recovery code"), "{}", locked.body);
    app.wait(LONGEST_DELAY);
    let owner = app.program().from("198.51.100.7");
    assert_eq!(
        owner.send("/login", with_code(&recovery_codes[0])).await.status,
        Status::Ok,
        "any browser, with a recovery code"
    );
    app.wait(LONGEST_DELAY);
    assert_eq!(owner.send("/login", with_code(&phone.code(&app))).await.status, Status::Ok, "and codes work again");
}

#[rocket::async_test]
async fn a_clock_that_is_set_back_blocks_nobody_for_longer_than_the_longest_delay() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    for _ in 0..20 {
        fail(&app.program(), ADA).await;
        app.wait(LONGEST_DELAY);
    }
    fail(&app.program(), ADA).await;
    app.clock.turn_back(Duration::from_secs(3_600));
    assert_eq!(app.program().send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);

    fail(&app.program(), "eve").await;
    app.clock.turn_back(Duration::from_secs(1));
    assert_eq!(fail(&app.program(), "eve").await.status, Status::Unauthorized, "a first failure delays nothing");
}

#[rocket::async_test]
async fn codes_that_can_be_made_in_a_session_win_no_guesses_of_the_password() {
    let app = throttled().await;
    let thief = app.program();
    thief.send("/signup", login(ADA, PASSWORD)).await;
    let cookies = thief.cookies.borrow().clone();
    let (_, codes) = app.turn_on_second_step(&cookies).await;
    let mut refused = 0;
    for code in &codes {
        for _ in 0..3 {
            let guess = thief.send("/confirm", json!({ "password": "not the password" })).await;
            refused += usize::from(guess.status == Status::TooManyRequests);
        }
        assert_eq!(thief.send("/confirm", json!({ "code": code })).await.status, Status::Ok);
    }
    assert_eq!(refused, 26, "four guesses, and no more without waiting");
}

#[rocket::async_test]
async fn a_code_in_a_session_does_not_clear_the_count_of_codes_at_the_login() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let (phone, codes) = app.turn_on_second_step(&known).await;
    let wrong_code = async || {
        let body = json!({ "username": ADA, "password": PASSWORD, "code": phone.wrong_code(&app) });
        app.program().from("203.0.113.9").send("/login", body).await.status
    };
    for _ in 0..9 {
        wrong_code().await;
        app.wait(LONGEST_DELAY);
    }
    wrong_code().await;

    assert_eq!(app.program_with(&known).send("/confirm", json!({ "code": codes[0] })).await.status, Status::Ok);

    app.wait(LONGEST_DELAY - Duration::from_secs(1));
    assert_eq!(wrong_code().await, Status::TooManyRequests);
}

#[rocket::async_test]
async fn a_known_browser_that_failed_too_often_begins_anew_after_a_success() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let browser = app.program_with(&known);
    for _ in 0..=MOST_FAILURES_IN_A_ROW {
        fail(&browser, ADA).await;
        app.wait(LONGEST_DELAY);
    }
    assert_eq!(browser.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
    for _ in 0..4 {
        assert_eq!(fail(&browser, ADA).await.status, Status::Unauthorized);
    }
}
