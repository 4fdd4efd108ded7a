//! Whether everybody can use every page: axe-core's rules for WCAG 2.2 AA, narrow and wide, light and dark; large text;
//! the keyboard alone.

use std::path::Path;

use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::chromium::{Chromium, Scripts};
use crate::gallery::{Look, every_page};
use crate::machine;
use crate::person::{Colours, PASSWORD, Person};
use crate::phone::Phone;
use crate::site::Site;

/// Where `npm install --prefix target/axe axe-core` puts it; `VESTIBULE_AXE` names another file.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/axe/node_modules/axe-core/axe.min.js");

const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// Text that is cut off, what is wider than the window, and what moves.
const LOST_OR_MOVING: &str = r#"
    const bad = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) bad.push(`the page is ${root.scrollWidth} wide`);
    for (const element of document.body.querySelectorAll("*")) {
        const style = getComputedStyle(element);
        const name = element.outerHTML.slice(0, 120);
        if (style.transitionDuration !== "0s" || style.animationName !== "none") bad.push("moves: " + name);
        // What only screen readers hear, and a long name in the header, which is whole on the profile.
        if (element.closest(".unseen, .who, svg")) continue;
        const box = element.getBoundingClientRect();
        if (box.width && box.right > root.clientWidth + 1) bad.push("beyond the edge: " + name);
        const isCut = style.overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1
            || style.overflowY !== "visible" && element.scrollHeight > element.clientHeight + 1;
        if (isCut && element.tagName !== "INPUT") bad.push("cut off: " + name);
    }
    return bad;
"#;

/// Looks at a page as axe-core does, where it is there, and for what that does not see.
struct Inspector {
    axe: Option<String>,
    looked_at: usize,
    found: Vec<String>,
}

impl Look for Inspector {
    async fn look(&mut self, person: &Person, name: &str) {
        if let Some(axe) = &self.axe {
            person.script(axe).await;
        }
        for width in [1280, 320] {
            for colours in [Colours::Light, Colours::Dark] {
                person.is_shown(width, colours).await;
                let what = format!("{name}, {width} wide, {}", colours.name());
                self.ask_axe(person, &what).await;
                self.measure(person, &what).await;
            }
        }

        // Twice the size, as people enlarge pages: by zoom, which leaves half as many pixels, and by larger letters.
        person.is_shown(640, Colours::Light).await;
        self.measure(person, &format!("{name}, zoomed")).await;
        person.is_shown(1280, Colours::Light).await;
        person.script("document.documentElement.style.fontSize = '200%'").await;
        self.measure(person, &format!("{name}, in large letters")).await;
        person.script("document.documentElement.style.fontSize = ''").await;
        person.is_shown_as_before().await;
        self.looked_at += 1;
    }
}

impl Inspector {
    fn new() -> Self {
        Self { axe: axe(), looked_at: 0, found: Vec::new() }
    }

    async fn ask_axe(&mut self, person: &Person, what: &str) {
        if self.axe.is_none() {
            return;
        }
        let run = format!(
            "const done = arguments[arguments.length - 1];
             axe.run(document, {{ runOnly: {}, resultTypes: ['violations'] }})
                 .then(done, (error) => done(String(error)));",
            json!(RULES)
        );
        let result = person.script_that_calls_back(&run).await;
        let violations = result["violations"].as_array().unwrap_or_else(|| panic!("{what}: {result}"));
        for violation in violations {
            let nodes: Vec<&Value> =
                violation["nodes"].as_array().into_iter().flatten().map(|node| &node["failureSummary"]).collect();
            let html = &violation["nodes"][0]["html"];
            self.found.push(format!("{what}: {} {html} {nodes:?}", violation["help"]));
        }
    }

    async fn measure(&mut self, person: &Person, what: &str) {
        for lost in person.script(LOST_OR_MOVING).await.as_array().into_iter().flatten() {
            self.found.push(format!("{what}: {lost}"));
        }
    }
}

/// The source of axe-core, where it is there.
fn axe() -> Option<String> {
    let file = std::env::var("VESTIBULE_AXE").unwrap_or_else(|_| AXE.to_owned());
    if !Path::new(&file).exists() {
        machine::missing("browser", &format!("there is no axe-core at {file}"));
        return None;
    }
    Some(std::fs::read_to_string(&file).expect("axe-core can be read"))
}

#[rocket::async_test]
async fn axe_finds_nothing_on_any_page_in_any_state_and_nothing_is_lost_narrow_or_enlarged_and_nothing_moves() {
    let Some(chromium) = Chromium::start() else { return };
    let mut inspector = Inspector::new();

    every_page(&chromium, &mut inspector).await;

    assert!(inspector.looked_at > 40, "{}", inspector.looked_at);
    assert!(inspector.found.is_empty(), "{}", inspector.found.join("\n"));
}

/// Had they eyes that see nothing, the promises above would be worth nothing.
#[rocket::async_test]
async fn what_is_wrong_with_a_page_is_found() {
    let Some(chromium) = Chromium::start() else { return };
    let site = Site::start();
    let ada = Person::at(&chromium, site.address(), Scripts::On).await;
    let mut inspector = Inspector::new();
    ada.open("/login").await;
    ada.script(
        "document.documentElement.lang = '';
         document.querySelector('label').remove();
         const style = document.querySelector('main').style;
         Object.assign(style, { color: '#888', width: '2000px', transitionDuration: '1s' });
         Object.assign(document.querySelector('main p').style, { height: '5px', overflow: 'hidden' });",
    )
    .await;

    inspector.look(&ada, "a broken page").await;

    let found = inspector.found.join("\n");
    let seen_by_axe: &[&str] = if inspector.axe.is_some() { &["lang attribute", "labels", "contrast"] } else { &[] };
    for fault in ["the page is ", "beyond the edge", "moves", "cut off"].iter().chain(seen_by_axe) {
        assert!(found.contains(fault), "{fault}: {found}");
    }
}

#[rocket::async_test]
async fn the_keyboard_alone_signs_up_logs_in_and_takes_the_second_step() {
    let Some(chromium) = Chromium::start() else { return };
    let site = Site::start();
    let ada = Person::at(&chromium, site.address(), Scripts::On).await;

    ada.open("/").await;
    ada.tabs_to("a.skip").await;
    ada.tabs_to("main a[href='/signup']").await;
    ada.hits(Key::Enter, "the form").await;
    ada.tabs_to("#username").await;
    ada.types("Ada").await;
    ada.tabs_to("#password").await;
    ada.types("too short").await;
    ada.hits(Key::Enter, "the form again").await;
    ada.until("the focus on what is wrong", async || ada.has_focus("[role=alert]").await).await;

    ada.tabs_to("[role=alert] a").await;
    ada.types(&char::from(Key::Enter).to_string()).await;
    ada.until("the field of the problem", async || ada.has_focus("#password").await).await;
    ada.types(PASSWORD).await;
    ada.tabs_to("button.show").await;
    ada.tabs_to("main button:not([type=button])").await;
    ada.types(" ").await;
    ada.until("the profile", async || ada.path().await == "/profile").await;

    ada.open("/two-factor").await;
    ada.tabs_to("main button").await;
    ada.hits(Key::Enter, "the picture").await;
    let mut phone = Phone::that_reads(&ada.find("img.qr").await.screenshot().await.expect("a picture"));
    ada.tabs_to("#code").await;
    ada.types(&phone.code()).await;
    ada.hits(Key::Enter, "the recovery codes").await;
    ada.tabs_to("header button").await;
    ada.hits(Key::Enter, "the start").await;

    ada.open("/login").await;
    ada.tabs_to("#username").await;
    ada.types("ada").await;
    ada.tabs_to("#password").await;
    ada.types(PASSWORD).await;
    ada.tabs_to("#remember").await;
    ada.types(" ").await;
    ada.hits(Key::Enter, "two-factor authentication").await;
    ada.tabs_to("#code").await;
    ada.types(&phone.code()).await;
    ada.hits(Key::Enter, "the profile").await;
    ada.is_at("/profile").await;
    ada.reads("Signed in here until").await;
}
