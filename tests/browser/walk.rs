//! What a person does, from the first page to the last, with and without scripts.

use crate::chromium::{Chromium, Scripts};
use crate::person::{PASSWORD, Person};
use crate::phone::Phone;
use crate::site::Site;

const NEW_PASSWORD: &str = "seven violet lanterns drifting";

#[rocket::async_test]
async fn a_person_walks_from_the_sign_up_to_the_end_of_the_account() {
    walk(Scripts::On).await;
}

#[rocket::async_test]
async fn the_same_walk_needs_no_script() {
    walk(Scripts::Off).await;
}

async fn walk(scripts: Scripts) {
    let Some(chromium) = Chromium::start() else { return };
    let site = Site::start();
    let ada = Person::at(&chromium, site.address(), scripts).await;

    signs_up_with_a_mistake_first(&ada, scripts).await;
    is_led_to_the_login_and_back(&ada).await;
    changes_what_she_is_called(&ada).await;

    let elsewhere = Person::at(&chromium, site.address(), scripts).await;
    ends_another_session(&ada, &elsewhere).await;
    changes_her_password(&ada).await;
    let (mut phone, recovery_code) = sets_up_her_phone(&ada).await;
    logs_in_with_her_phone(&elsewhere, &mut phone).await;
    logs_in_with_a_recovery_code(&ada, &recovery_code).await;

    sees_nothing_private_after_logging_out(&elsewhere).await;
    deletes_her_account(&ada).await;
}

async fn signs_up_with_a_mistake_first(ada: &Person, scripts: Scripts) {
    ada.open("/").await;
    ada.follow("Sign up").await;
    assert_eq!(ada.has("button.show").await, scripts == Scripts::On, "only a script brings it");
    ada.fill("username", "Ada").await;
    ada.fill("password", "too short").await;
    ada.press("Make my account").await;
    assert!(ada.title().await.starts_with("Problem: "));
    assert!(ada.problem_of("password").await.contains("15 characters"));
    assert_eq!((ada.value_of("username").await, ada.value_of("password").await), ("Ada".into(), String::new()));

    ada.fill("password", PASSWORD).await;
    ada.press("Make my account").await;
    ada.is_at("/profile").await;
    ada.reads("Signed in as Ada").await;
}

async fn is_led_to_the_login_and_back(ada: &Person) {
    ada.press("Log out").await;
    ada.is_at("/").await;

    ada.open("/protected").await;
    ada.is_at("/login?next=/protected").await;
    ada.log_in("Ada", "not my password at all").await;
    ada.reads("is not right").await;
    assert_eq!(ada.value_of("username").await, "Ada");
    ada.log_in("ada", PASSWORD).await;
    ada.is_at("/protected").await;
    ada.reads("Hello, Ada.").await;
}

async fn changes_what_she_is_called(ada: &Person) {
    ada.follow("Signed in as Ada").await;
    ada.fill("display_name", "Ada, Countess of Lovelace").await;
    ada.press("Save").await;
    assert!(ada.path().await.starts_with("/profile"));
    ada.reads("Your display name is saved.").await;
    ada.reads("Signed in as Ada, Countess of Lovelace").await;
}

async fn ends_another_session(ada: &Person, elsewhere: &Person) {
    elsewhere.open("/login").await;
    elsewhere.tick("remember").await;
    elsewhere.log_in("ada", PASSWORD).await;
    elsewhere.is_at("/profile").await;
    elsewhere.reads("Signed in here until").await;

    ada.open("/profile").await;
    ada.follow("Where you are signed in").await;
    ada.reads("this browser").await;
    ada.press("End session").await;
    ada.is_at("/sessions").await;
    assert!(!ada.has("main form[action$='/end']").await, "no other browser is signed in");

    elsewhere.open("/protected").await;
    elsewhere.is_at("/login?next=/protected").await;
    elsewhere.reads("You were logged out here from another browser").await;
}

async fn changes_her_password(ada: &Person) {
    ada.open("/profile").await;
    ada.follow("Change your password").await;
    ada.fill("current_password", PASSWORD).await;
    ada.fill("new_password", NEW_PASSWORD).await;
    ada.press("Change my password").await;
    ada.reads("Your password is changed.").await;
}

async fn sets_up_her_phone(ada: &Person) -> (Phone, String) {
    ada.follow("Two-factor authentication").await;
    ada.press("Set it up").await;
    let mut phone = Phone::that_reads(&ada.find("img.qr").await.screenshot().await.expect("a picture"));
    ada.fill("code", &phone.code()).await;
    ada.press("Turn on two-factor authentication").await;
    ada.reads("Your recovery codes").await;
    let recovery_code = ada.find(".codes code").await.text().await.expect("text");
    ada.follow("I have kept them").await;
    ada.reads("10 recovery codes are left").await;
    (phone, recovery_code)
}

async fn logs_in_with_her_phone(ada: &Person, phone: &mut Phone) {
    ada.open("/login").await;
    ada.log_in("ada", NEW_PASSWORD).await;
    ada.is_at("/login/code").await;
    ada.fill("code", "not a code").await;
    ada.press("Log in").await;
    assert!(!ada.problem_of("code").await.is_empty());
    ada.fill("code", &phone.code()).await;
    ada.press("Log in").await;
    ada.is_at("/profile").await;
}

async fn logs_in_with_a_recovery_code(ada: &Person, recovery_code: &str) {
    ada.press("Log out").await;
    ada.open("/login?next=/two-factor").await;
    ada.log_in("ada", NEW_PASSWORD).await;
    ada.fill("code", recovery_code).await;
    ada.press("Log in").await;
    ada.is_at("/two-factor").await;
    ada.reads("9 recovery codes are left").await;
}

async fn sees_nothing_private_after_logging_out(ada: &Person) {
    ada.open("/activity").await;
    ada.reads("Two-factor authentication was turned on.").await;
    ada.press("Log out").await;

    ada.back().await;

    ada.is_at("/login?next=/activity").await;
    for private in ["Lovelace", "Two-factor authentication was turned on.", "Signed in as"] {
        ada.does_not_read(private).await;
    }
}

async fn deletes_her_account(ada: &Person) {
    ada.open("/profile").await;
    ada.follow("Delete your account").await;
    ada.fill("password", NEW_PASSWORD).await;
    ada.press("Delete my account").await;
    ada.is_at("/").await;
    ada.reads("Come in.").await;

    ada.open("/login").await;
    ada.log_in("ada", NEW_PASSWORD).await;
    ada.reads("is not right").await;
}
