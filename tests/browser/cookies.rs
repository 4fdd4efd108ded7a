//! The cookie as the browser keeps it.

use serde_json::{Value, json};

use crate::chromium::{Chromium, Scripts};
use crate::person::{PASSWORD, Person};
use crate::site::Site;
use crate::tls::TlsProxy;

/// The cookie of the session that a browser holds.
async fn session_cookie(person: &Person) -> Option<Value> {
    let kept = person.chrome("Network.getAllCookies", json!({})).await;
    let kept = kept["cookies"].as_array().expect("cookies").clone();
    kept.into_iter().find(|cookie| cookie["name"].as_str().is_some_and(|name| name.ends_with("session_id")))
}

fn assert_guarded(cookie: &Value) {
    assert_eq!((&cookie["httpOnly"], &cookie["sameSite"], &cookie["path"]), (&json!(true), &json!("Lax"), &json!("/")));
    assert_eq!(cookie["domain"], "localhost", "for this host alone, without a dot before it");
}

#[rocket::async_test]
async fn the_cookie_is_kept_with_its_flags_out_of_the_reach_of_scripts_and_gone_after_the_logout() {
    let Some(chromium) = Chromium::start() else { return };
    let site = Site::start();
    let ada = Person::at(&chromium, site.address(), Scripts::On).await;

    ada.sign_up("Ada").await;
    let cookie = session_cookie(&ada).await.expect("a cookie");
    assert_guarded(&cookie);
    assert_eq!((&cookie["name"], &cookie["secure"]), (&json!("session_id"), &json!(false)));
    assert_eq!(cookie["session"], true, "it goes when the browser is closed");
    assert_eq!(ada.script("return document.cookie").await, "");
    ada.press("Log out").await;
    assert_eq!(session_cookie(&ada).await, None);

    ada.open("/login").await;
    ada.tick("remember").await;
    ada.log_in("ada", PASSWORD).await;
    assert_eq!(
        session_cookie(&ada).await.expect("a cookie")["session"],
        false,
        "it is kept when the browser is closed"
    );
}

#[rocket::async_test]
async fn over_tls_the_cookie_is_the_hosts_own_and_the_browser_takes_it_and_drops_it() {
    let Some(chromium) = Chromium::start() else { return };
    let proxy = TlsProxy::new();
    let address = proxy.address();
    let site = Site::start_with(&[("ROCKET_PUBLIC_URL", &address)]);
    proxy.lead_to(site.port);
    let ada = Person::at(&chromium, address, Scripts::On).await;

    ada.sign_up("Ada").await;
    let cookie = session_cookie(&ada).await.expect("a cookie");
    assert_guarded(&cookie);
    assert_eq!((&cookie["name"], &cookie["secure"]), (&json!("__Host-session_id"), &json!(true)));
    ada.open("/protected").await;
    ada.reads("Hello, Ada.").await;

    ada.press("Log out").await;
    assert_eq!(session_cookie(&ada).await, None);
}
