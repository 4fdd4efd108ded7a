//! What the browser says of our pages: what it had to forbid, what it advises, what it measured.

use std::collections::{BTreeMap, BTreeSet};

use rocket::http::Method;
use serde_json::{Value, json};
use vestibule::pages::routes;
use vestibule::web::is_filter;

use crate::chromium::{Chromium, Scripts};
use crate::gallery::{Look, every_page};
use crate::person::Person;
use crate::site::Site;

/// What the console also has to say: that a page's status is not 200, and that the logout cleared what was kept.
const EXPECTED: [&str; 2] = ["the server responded with a status of 4", "Clear-Site-Data header on"];

/// A page with its sheet and its script, in bytes as they are before a proxy compresses them.
const HEAVIEST: u64 = 20_000;
/// The pages that grow with an account: with what happened to it, and with twenty sessions and as many known browsers.
const AS_LONG_AS_THEY_ARE: [&str; 2] = ["activity-long", "sessions-many"];

/// What people are shown no page of.
const NO_PAGES: [&str; 8] =
    ["/.well-known/", "/export", "/favicon.svg", "/getusers/", "/health", "/metrics", "/static/", "/two-factor/qr.svg"];

const MEASURE: &str = r#"
    const done = arguments[arguments.length - 1];
    let moved = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => moved += entry.value))
        .observe({ type: "layout-shift", buffered: true });
    const parts = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    requestAnimationFrame(() => setTimeout(() => done({
        moved,
        parts: parts.map((part) => [part.name, part.decodedBodySize]),
        origin: location.origin,
    })));
"#;

/// Listens to what the browser says of each page.
#[derive(Default)]
struct Listener {
    wrong: Vec<String>,
    /// Where each title was seen.
    titles: BTreeMap<String, String>,
    paths: BTreeSet<String>,
}

impl Look for Listener {
    async fn look(&mut self, person: &Person, name: &str) {
        for said in person.browser_says().await {
            let is_of_a_part = said.contains("/static/") || said.contains(".svg");
            if is_of_a_part || !EXPECTED.iter().any(|expected| said.contains(expected)) {
                self.wrong.push(format!("{name}: {said}"));
            }
        }
        self.measure(name, &person.script_that_calls_back(MEASURE).await);
        let path = person.path().await;
        self.read_title(name, &person.title().await, &path);
        self.paths.insert(path.split('?').next().unwrap_or_default().to_owned());
    }
}

impl Listener {
    fn measure(&mut self, name: &str, measured: &Value) {
        if measured["moved"] != json!(0) {
            self.wrong.push(format!("{name} moves while it is drawn: {}", measured["moved"]));
        }
        let parts = measured["parts"].as_array().expect("the page and its parts");
        let is_text = |part: &&Value| part[0].as_str().is_some_and(|name| !name.ends_with(".svg"));
        let total: u64 = parts.iter().filter(is_text).filter_map(|part| part[1].as_u64()).sum();
        if total == 0 || total > HEAVIEST && !AS_LONG_AS_THEY_ARE.contains(&name) {
            self.wrong.push(format!("{name} weighs {total} bytes: {parts:?}"));
        }
        let origin = measured["origin"].as_str().expect("an origin");
        for part in parts.iter().filter_map(|part| part[0].as_str()).filter(|part| !part.starts_with(origin)) {
            self.wrong.push(format!("{name} needs {part}"));
        }
    }

    fn read_title(&mut self, name: &str, title: &str, path: &str) {
        let title = title.trim_start_matches("Problem: ");
        let page = path.split(['/', '?']).nth(1).unwrap_or_default();
        if !title.ends_with(" · Vestibule") || title.starts_with(' ') {
            self.wrong.push(format!("{name} is called {title:?}"));
        }
        let known = self.titles.entry(title.to_owned()).or_insert_with(|| page.to_owned());
        if known != page {
            self.wrong.push(format!("{name} and /{known} are both called {title:?}"));
        }
    }
}

#[rocket::async_test]
async fn no_page_in_any_state_breaks_the_policy_errs_jumps_weighs_too_much_or_shares_its_title() {
    let Some(chromium) = Chromium::start() else { return };
    let mut listener = Listener::default();

    every_page(&chromium, &mut listener).await;

    for route in routes().iter().filter(|route| route.method == Method::Get && !is_filter(route)) {
        let path = route.uri.path();
        let is_known = listener.paths.contains(path) || NO_PAGES.iter().any(|start| path.starts_with(start));
        assert!(is_known, "tests/browser/gallery.rs leads nobody to {path}");
    }
    assert!(listener.wrong.is_empty(), "{}", listener.wrong.join("\n"));
}

#[rocket::async_test]
async fn the_policy_is_in_force_and_a_breach_of_it_would_be_heard_of() {
    let Some(chromium) = Chromium::start() else { return };
    let site = Site::start();
    let ada = Person::at(&chromium, site.address(), Scripts::On).await;
    ada.open("/login").await;

    let tried = r#"
        document.body.setAttribute("style", "color: red");
        document.body.append(Object.assign(new Image(), { src: "https://example.org/pixel.png" }));
        const script = document.createElement("script");
        try { script.src = "data:text/javascript,0"; return "made" } catch (error) { return error.name }
    "#;
    assert_eq!(ada.script(tried).await, "TypeError", "no script can make another one");

    let said = ada.browser_says().await.join("\n");
    for refusal in ["style-src 'self'", "img-src 'self'", "requires 'TrustedScriptURL'"] {
        assert!(said.contains(refusal), "{refusal}: {said}");
    }
}
