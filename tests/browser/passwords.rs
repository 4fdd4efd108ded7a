//! The fields of names, passwords and codes: what password managers see in them, and the button that shows a password.

use serde_json::json;

use crate::chromium::{Chromium, Scripts};
use crate::person::{PASSWORD, Person};
use crate::phone::Phone;
use crate::site::Site;

/// For each form that asks for something secret: where it is sent, and what each of its fields is for.
const ROLES: &str = r#"
    const roles = (form) => [...form.elements]
        .filter((field) => field.tagName === "INPUT" && /text|password/.test(field.type))
        .map((field) => `${field.type} ${field.autocomplete} ${field.value}`.trim());
    return [...document.querySelectorAll("main form")]
        .filter((form) => form.querySelector("[type=password]"))
        .map((form) => `${form.getAttribute("action")}: ${roles(form).join(", ")}`);
"#;

#[rocket::async_test]
async fn password_managers_are_told_what_every_field_is_for_and_whose_password_is_typed() {
    let Some(chromium) = Chromium::start() else { return };
    let site = Site::start();
    let ada = Person::at(&chromium, site.address(), Scripts::On).await;

    let expected_of_strangers = [
        ("/signup", "/signup: text username, password new-password"),
        ("/login", "/login: text username, password current-password"),
    ];
    let expected_of_ada = [
        ("/password", "/password: text username Ada, password current-password, password new-password"),
        ("/confirm", "/confirm: text username Ada, password current-password"),
        ("/delete-account", "/delete-account: text username Ada, password current-password"),
    ];
    for (path, roles) in expected_of_strangers {
        ada.open(path).await;
        assert_eq!(ada.script(ROLES).await, json!([roles]), "{path}");
    }
    ada.sign_up("Ada").await;
    for (path, roles) in expected_of_ada {
        ada.open(path).await;
        assert_eq!(ada.script(ROLES).await, json!([roles]), "{path}");
    }

    let link = site.operator(&["users", "reset-link", "ada"]);
    ada.open(link.trim().trim_start_matches(&site.address())).await;
    assert_eq!(ada.script(ROLES).await, json!(["/reset-password: text username Ada, password new-password"]));

    ada.open("/two-factor").await;
    ada.press("Set it up").await;
    let mut phone = Phone::that_reads(&ada.find("img.qr").await.screenshot().await.expect("a picture"));
    let code = ada.find("#code").await;
    assert_eq!(code.attr("autocomplete").await.expect("a field").as_deref(), Some("one-time-code"));
    ada.fill("code", &phone.code()).await;
    ada.press("Turn on two-factor authentication").await;
    ada.press("Log out").await;
    ada.open("/login").await;
    ada.log_in("ada", PASSWORD).await;
    assert!(ada.has("#code[autocomplete=one-time-code]").await);
}

/// Chrome's own password manager tells in the console what it could not make sense of. That our pages leave it silent
/// is held in `browser_says`; here, that it would not be silent of others.
#[rocket::async_test]
async fn the_browsers_own_password_manager_tells_of_fields_that_it_does_not_understand() {
    let Some(chromium) = Chromium::start() else { return };
    let site = Site::start();
    let ada = Person::at(&chromium, site.address(), Scripts::On).await;
    ada.open("/login").await;

    ada.script("for (const field of document.querySelectorAll('input')) field.removeAttribute('autocomplete')").await;
    ada.script("document.querySelector('main form').replaceWith(document.querySelector('main form').cloneNode(true))")
        .await;

    ada.until("advice", async || ada.browser_says().await.iter().any(|said| said.contains("autocomplete"))).await;
}

#[rocket::async_test]
async fn a_password_is_shown_on_demand_and_sent_as_a_password() {
    let Some(chromium) = Chromium::start() else { return };
    let site = Site::start();
    let ada = Person::at(&chromium, site.address(), Scripts::On).await;
    let kind = async || ada.find("#password").await.prop("type").await.expect("a field").unwrap_or_default();
    let said =
        async || ada.find("[role=status].unseen").await.prop("textContent").await.expect("text").unwrap_or_default();

    ada.open("/signup").await;
    ada.fill("username", "Ada").await;
    ada.fill("password", PASSWORD).await;
    assert_eq!((kind().await.as_str(), said().await.as_str()), ("password", ""));
    let button = ada.find("button.show").await;
    button.click().await.expect("a button");
    assert_eq!((kind().await.as_str(), said().await.as_str()), ("text", "Your password can be seen."));
    assert_eq!(button.attr("aria-label").await.expect("a name").as_deref(), Some("Hide password"));
    assert_eq!(ada.value_of("password").await, PASSWORD);
    button.click().await.expect("a button");
    assert_eq!((kind().await.as_str(), said().await.as_str()), ("password", "Your password is hidden."));
    button.click().await.expect("a button");

    // As the form leaves, before the browser looks what it could keep.
    ada.script(
        "const input = document.querySelector('#password');
         document.forms[0].addEventListener('submit', () => sessionStorage.kind = input.type);",
    )
    .await;
    ada.press("Make my account").await;
    ada.is_at("/profile").await;
    assert_eq!(ada.script("return sessionStorage.kind").await, "password");
}
