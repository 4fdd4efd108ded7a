use rocket::http::Status;
use serde_json::{Value, json};

use crate::support::{ADA, App, PASSWORD, adas};

const HTTPS: (&str, &str) = ("public_url", "https://example.org");

async fn over_https() -> App {
    App::with_settings(&[(HTTPS.0, json!(HTTPS.1))]).await
}

#[rocket::async_test]
async fn on_this_machine_the_cookie_has_every_flag_that_http_allows() {
    let (app, _) = App::with_ada().await;
    let answer = app.program().send("/login", adas()).await;

    let cookie = answer.session_cookie();
    assert!(cookie.starts_with("session_id="), "{cookie}");
    for flag in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    assert!(cookie.len() < 300, "{cookie}");
}

#[rocket::async_test]
async fn under_https_the_cookie_is_bound_to_the_host_and_cleared_with_the_same_flags() {
    let app = over_https().await;
    let program = app.program();
    let signed_up = program.send("/signup", adas()).await;
    let set = signed_up.session_cookie().to_owned();

    let logged_out = program.press("/logout").await;

    let cleared = logged_out.session_cookie();
    assert!(set.starts_with("__Host-session_id=") && cleared.starts_with("__Host-session_id=;"), "{set} {cleared}");
    for flag in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(set.contains(flag) && cleared.contains(flag), "{set} {cleared}");
    }
    assert!(cleared.contains("; Max-Age=0") && !set.contains("Domain") && !cleared.contains("Domain"), "{cleared}");
}

#[rocket::async_test]
async fn no_bit_of_the_cookie_can_be_flipped() {
    let (app, ada) = App::with_ada().await;
    let sealed = percent_encoding::percent_decode_str(&ada["session_id"]).decode_utf8().unwrap().into_owned();
    let bytes = data_encoding::BASE64.decode(sealed.as_bytes()).unwrap();
    let who = async |value: &str| {
        let thief = app.program();
        let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string();
        thief.cookies.borrow_mut().insert("session_id".into(), value);
        thief.get("/getusers/me").await.status
    };
    assert_eq!(who(&sealed).await, Status::Ok);

    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(who(&data_encoding::BASE64.encode(&flipped)).await, Status::Unauthorized, "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert_eq!(who(&sealed[..length]).await, Status::Unauthorized, "cut to {length}");
    }
    let others = [
        format!("{sealed}A"),
        format!("\"{sealed}\""),
        sealed.to_lowercase(),
        sealed.repeat(40),
        "é".repeat(20),
        "\0".into(),
    ];
    for other in others {
        assert_eq!(who(&other).await, Status::Unauthorized, "{other}");
    }
}

#[rocket::async_test]
async fn no_look_alike_of_the_name_is_believed() {
    let app = over_https().await;
    let program = app.program();
    program.send("/signup", adas()).await;
    let value = program.cookies.borrow()["__Host-session_id"].clone();
    let who = async |header: String| app.program().with("Cookie", header).get("/getusers/me").await.status;
    assert_eq!(who(format!("__Host-session_id={value}")).await, Status::Ok);
    assert_eq!(who(format!("a=b; __Host-session_id={value} ;c=d")).await, Status::Ok);

    let look_alikes = [
        "%5F%5FHost-session_id",
        "_%5fHost-session_id",
        "__%48ost-session_id",
        "__Host-session%5Fid",
        "__host-session_id",
        "__Host-Session_id",
        "\u{2000}__Host-session_id",
        "__Host-session_id\u{2000}",
        "\u{a0}__Host-session_id",
        "\u{85}__Host-session_id",
        "__Host-session_id\u{3000}",
        "\u{b}__Host-session_id",
        "__Host-session_id[]",
        "session_id",
        "$__Host-session_id",
    ];
    for name in look_alikes {
        assert_eq!(who(format!("{name}={value}")).await, Status::Unauthorized, "{name:?}");
        let beside = who(format!("__Host-session_id={value}; {name}=another")).await;
        assert_eq!(beside, Status::Ok, "{name:?} beside the real one changes nothing");
    }
}

#[rocket::async_test]
async fn two_cookies_of_one_name_are_not_believed() {
    let (app, ada) = App::with_ada().await;
    let eve = app.sign_up("eve").await;
    let (adas, eves) = (&ada["session_id"], &eve["session_id"]);
    for header in [format!("session_id={adas}; session_id={eves}"), format!("session_id={adas}; session_id={adas}")] {
        assert_eq!(app.program().with("Cookie", header).get("/getusers/me").await.status, Status::Unauthorized);
    }
}

#[rocket::async_test]
async fn a_cookie_sealed_under_another_name_or_by_another_site_opens_nothing() {
    let (app, ada) = App::with_ada().await;
    let https = App::in_folder(app.folder.clone(), &[(HTTPS.0, json!(HTTPS.1))]).await;
    let moved = https.program().with("Cookie", format!("__Host-session_id={}", ada["session_id"]));
    assert_eq!(moved.get("/getusers/me").await.status, Status::Unauthorized);

    let elsewhere = App::new().await;
    elsewhere.sign_up(ADA).await;
    assert_eq!(elsewhere.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
}

fn key(byte: u8) -> String {
    let bytes: Vec<u8> = (0..64).map(|n| byte.wrapping_mul(31).wrapping_add(n)).collect();
    data_encoding::BASE64.encode(&bytes)
}

#[rocket::async_test]
async fn a_new_key_logs_nobody_out_while_the_old_one_is_still_listed() {
    let settings = |key: Value, previous: Value| [("secret_key", key), ("previous_secret_keys", previous)];
    let before = App::with_settings(&settings(json!(key(1)), json!([]))).await;
    let ada = before.sign_up(ADA).await;

    let listed = App::in_folder(before.folder.clone(), &settings(json!(key(2)), json!([key(1)]))).await;
    assert_eq!(listed.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
    let new = listed.program();
    new.send("/login", json!({ "username": ADA, "password": PASSWORD })).await;

    let dropped = App::in_folder(before.folder.clone(), &settings(json!(key(2)), json!([]))).await;
    assert_eq!(dropped.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
    let new = new.cookies.borrow().clone();
    assert_eq!(dropped.program_with(&new).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_key_of_32_bytes_seals_what_it_opens() {
    let short = data_encoding::BASE64.encode(&(0..32).map(|n| n * 7).collect::<Vec<u8>>());
    let app = App::with_settings(&[("secret_key", json!(short))]).await;
    let ada = app.sign_up(ADA).await;
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}
