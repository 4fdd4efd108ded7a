//! Every page in every state, one after the other. A new page gets a line here, and every promise about all pages is
//! held against it.

use vestibule::model::MOST_SESSIONS;

use crate::chromium::{Chromium, Scripts};
use crate::person::{PASSWORD, Person};
use crate::phone::Phone;
use crate::site::Site;

/// What looks at the pages, each under a name of its own.
pub trait Look {
    async fn look(&mut self, at: &Person, name: &str);
}

/// Leads a browser through every page in every state.
pub async fn every_page(chromium: &Chromium, look: &mut impl Look) {
    // Many failures shall lead to their own page, and to no other.
    let site = Site::start_with(&[("ROCKET_THROTTLE", "false")]);
    let ada = Person::at(chromium, site.address(), Scripts::On).await;
    ada.sign_up("Ada").await;
    ada.press("Log out").await;

    what_strangers_see(&ada, look).await;
    what_ada_sees(&ada, &site, look).await;
    what_stands_out(&ada, look).await;
    what_belongs_to_the_second_step(&ada, chromium, &site, look).await;
    how_passwords_change(&ada, &site, look).await;
    what_is_closed(chromium, look).await;
}

async fn what_strangers_see(eve: &Person, look: &mut impl Look) {
    for (path, name) in [
        ("/", "home"),
        ("/signup", "signup"),
        ("/login", "login"),
        ("/login?next=/protected", "login-on-the-way"),
        ("/no-such-page", "error-404"),
        ("/logout", "error-405"),
    ] {
        eve.open(path).await;
        look.look(eve, name).await;
    }

    eve.open("/signup").await;
    eve.press("Make my account").await;
    look.look(eve, "signup-two-problems").await;
    eve.fill("username", "ada").await;
    eve.fill("password", PASSWORD).await;
    eve.press("Make my account").await;
    look.look(eve, "signup-name-taken").await;

    eve.open("/signup").await;
    eve.script(
        "for (let n = 0; n < 10; n++) {
             const input = document.createElement('input');
             input.name = `unknown_field_${n}`;
             document.forms[0].append(input);
         }",
    )
    .await;
    eve.press("Make my account").await;
    look.look(eve, "signup-ten-problems").await;

    eve.open("/login").await;
    eve.press("Log in").await;
    look.look(eve, "login-two-problems").await;
    eve.log_in("eve", "not the password").await;
    look.look(eve, "login-refused").await;
}

async fn what_ada_sees(ada: &Person, site: &Site, look: &mut impl Look) {
    ada.open("/login").await;
    ada.log_in("ada", "not the password").await;
    ada.log_in("ada", PASSWORD).await;
    look.look(ada, "profile-after-a-failed-attempt").await;

    for (path, name) in [
        ("/", "home-signed-in"),
        ("/login", "login-signed-in"),
        ("/signup", "signup-signed-in"),
        ("/protected", "protected"),
        ("/sessions", "sessions-one"),
        ("/activity", "activity"),
        ("/password", "password"),
        ("/confirm", "confirm"),
        ("/two-factor", "two-factor-off"),
        ("/delete-account", "delete-account"),
        ("/no-such-page", "error-404-signed-in"),
    ] {
        ada.open(path).await;
        look.look(ada, name).await;
    }
    for (path, button, name) in [
        ("/password", "Change my password", "password-two-problems"),
        ("/confirm", "Confirm", "confirm-problem"),
        ("/delete-account", "Delete my account", "delete-account-problem"),
    ] {
        ada.open(path).await;
        ada.press(button).await;
        look.look(ada, name).await;
    }

    let mut browsers = USER_AGENTS.iter().cycle();
    for (more, name) in [(3, "sessions-few"), (MOST_SESSIONS - 4, "sessions-many")] {
        for user_agent in browsers.by_ref().take(more as usize) {
            assert_eq!(site.log_in("ada", PASSWORD, user_agent), 200);
        }
        ada.open("/sessions").await;
        look.look(ada, name).await;
    }
    ada.open("/activity").await;
    look.look(ada, "activity-long").await;
    ada.open("/sessions").await;
    ada.press("Log out all other browsers").await;
}

const USER_AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 \
     Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 \
     Chrome/130.0.0.0 Mobile Safari/537.36",
    "curl/8.14.1",
];

/// Names as long as they may be, and from right to left.
async fn what_stands_out(ada: &Person, look: &mut impl Look) {
    ada.open("/profile").await;
    ada.fill("display_name", "  ").await;
    ada.press("Save").await;
    look.look(ada, "profile-problem").await;

    for (display_name, name) in [
        ("Wolfeschlegelsteinhausenbergerdorffvoralternwarengewissenhaftsch", "long-name"),
        ("عائشة بنت أحمد بن يوسف الفارسي", "right-to-left-name"),
    ] {
        ada.open("/profile").await;
        ada.fill("display_name", display_name).await;
        ada.press("Save").await;
        look.look(ada, &format!("profile-saved-{name}")).await;
        for (path, page) in [("/", "home"), ("/protected", "protected"), ("/login", "login")] {
            ada.open(path).await;
            look.look(ada, &format!("{page}-{name}")).await;
        }
    }
    ada.open("/profile").await;
    ada.fill("display_name", "Ada Lovelace").await;
    ada.press("Save").await;
}

async fn what_belongs_to_the_second_step(ada: &Person, chromium: &Chromium, site: &Site, look: &mut impl Look) {
    ada.open("/two-factor").await;
    ada.press("Set it up").await;
    look.look(ada, "two-factor-setup").await;
    let mut phone = Phone::that_reads(&ada.find("img.qr").await.screenshot().await.expect("a picture"));
    ada.fill("code", "not a code").await;
    ada.press("Turn on two-factor authentication").await;
    look.look(ada, "two-factor-setup-problem").await;
    ada.fill("code", &phone.code()).await;
    ada.press("Turn on two-factor authentication").await;
    look.look(ada, "two-factor-recovery-codes").await;
    ada.follow("I have kept them").await;
    look.look(ada, "two-factor-on").await;
    ada.open("/confirm?next=/two-factor").await;
    look.look(ada, "confirm-by-password-or-code").await;

    let elsewhere = Person::at(chromium, site.address(), Scripts::On).await;
    elsewhere.open("/login").await;
    elsewhere.log_in("ada", PASSWORD).await;
    look.look(&elsewhere, "login-code").await;
    elsewhere.fill("code", "not a code").await;
    elsewhere.press("Log in").await;
    look.look(&elsewhere, "login-code-problem").await;
    elsewhere.fill("code", &phone.code()).await;
    elsewhere.press("Log in").await;

    ada.open("/two-factor").await;
    ada.press("Turn off two-factor authentication").await;
    elsewhere.open("/profile").await;
    look.look(&elsewhere, "profile-told-of-a-change").await;

    ada.open("/sessions").await;
    ada.press("Log out all other browsers").await;
    elsewhere.press("Save").await;
    look.look(&elsewhere, "login-signed-out-elsewhere").await;
}

async fn how_passwords_change(ada: &Person, site: &Site, look: &mut impl Look) {
    ada.open("/password").await;
    ada.fill("current_password", PASSWORD).await;
    ada.fill("new_password", "seven violet lanterns drifting").await;
    ada.press("Change my password").await;
    look.look(ada, "profile-password-changed").await;

    let link = site.operator(&["users", "reset-link", "ada"]);
    let link = link.trim().strip_prefix(&site.address()).expect("an address of the site");
    ada.open(link).await;
    look.look(ada, "reset-password").await;
    ada.press("Set my new password").await;
    look.look(ada, "reset-password-problem").await;
    ada.fill("new_password", PASSWORD).await;
    ada.press("Set my new password").await;
    look.look(ada, "login-after-a-reset").await;
    ada.open(link).await;
    look.look(ada, "reset-password-used").await;
}

async fn what_is_closed(chromium: &Chromium, look: &mut impl Look) {
    let site = Site::start_with(&[("ROCKET_SIGN_UP", "closed")]);
    let eve = Person::at(chromium, site.address(), Scripts::On).await;
    for (path, name) in [("/", "home-closed"), ("/signup", "signup-closed")] {
        eve.open(path).await;
        look.look(&eve, name).await;
    }

    assert!((0..50).any(|_| site.log_in("ada", PASSWORD, "curl/8.14.1") == 429), "too many are refused");
    eve.open("/login").await;
    eve.log_in("ada", PASSWORD).await;
    look.look(&eve, "error-429").await;
}
