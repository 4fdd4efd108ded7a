//! Somebody at a browser: what they do there, and what they see.

use std::time::Duration;

use data_encoding::BASE64;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use rocket::tokio::time::{Instant, sleep};
use serde_json::{Value, json};

use crate::chromium::{Chromium, Own, Scripts};

pub const PASSWORD: &str = "correct horse battery staple";

/// How long a condition is waited for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// The colours that a person prefers.
#[derive(Clone, Copy)]
pub enum Colours {
    Light,
    Dark,
}

impl Colours {
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Somebody at a browser of their own.
pub struct Person {
    pub browser: Client,
    /// The site's address, without a slash at its end.
    pub site: String,
}

impl Person {
    pub async fn at(chromium: &Chromium, site: impl Into<String>, scripts: Scripts) -> Self {
        Self { browser: chromium.browser(scripts).await, site: site.into() }
    }

    /// Types an address of the site.
    pub async fn open(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.site)).await.expect("an address that can be opened");
    }

    /// Types into a field, over what stands there.
    pub async fn fill(&self, field: &str, text: &str) {
        let input = self.find(&format!("input#{field}")).await;
        input.clear().await.expect("a field that can be emptied");
        input.send_keys(text).await.expect("a field that takes text");
    }

    pub async fn tick(&self, field: &str) {
        self.find(&format!("input#{field}")).await.click().await.expect("a box that can be ticked");
    }

    /// Presses the button of that name, and waits for the page that follows.
    pub async fn press(&self, button: &str) {
        let path = format!("//button[normalize-space(.)='{button}' or @aria-label='{button}']");
        self.click(Locator::XPath(&path), button).await;
    }

    /// Follows the link of that name.
    pub async fn follow(&self, link: &str) {
        let path = format!("//a[normalize-space(.)='{link}']");
        self.click(Locator::XPath(&path), link).await;
    }

    async fn click(&self, what: Locator<'_>, name: &str) {
        let before = self.find("html").await;
        let found = self.browser.find(what).await.unwrap_or_else(|error| panic!("no {name:?}: {error}"));
        found.click().await.unwrap_or_else(|error| panic!("{name:?} cannot be pressed: {error}"));
        self.until(&format!("another page after {name:?}"), async || before.tag_name().await.is_err()).await;
        self.find("main").await;
    }

    pub async fn back(&self) {
        self.browser.back().await.expect("a page before this one");
    }

    /// The path and query of the page.
    pub async fn path(&self) -> String {
        let url = self.browser.current_url().await.expect("an address");
        url[url::Position::BeforePath..].to_owned()
    }

    pub async fn is_at(&self, path: &str) {
        assert_eq!(self.path().await, path, "{}", self.sees().await);
    }

    pub async fn title(&self) -> String {
        self.browser.title().await.expect("a title")
    }

    /// The text of the page, as it can be read on the screen, in one line.
    pub async fn sees(&self) -> String {
        let text = self.find("body").await.text().await.expect("text");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub async fn reads(&self, sentence: &str) {
        let seen = self.sees().await;
        assert!(seen.contains(sentence), "not {sentence:?} in:\n{seen}");
    }

    pub async fn does_not_read(&self, sentence: &str) {
        let seen = self.sees().await;
        assert!(!seen.contains(sentence), "{sentence:?} in:\n{seen}");
    }

    /// What stands beside a field as its problem.
    pub async fn problem_of(&self, field: &str) -> String {
        self.find(&format!("#{field}-problem")).await.text().await.expect("text")
    }

    pub async fn value_of(&self, field: &str) -> String {
        let input = self.find(&format!("input#{field}")).await;
        input.prop("value").await.expect("a value").unwrap_or_default()
    }

    pub async fn find(&self, css: &str) -> Element {
        let found = self.browser.find(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("no {css}: {error}"))
    }

    pub async fn has(&self, css: &str) -> bool {
        !self.browser.find_all(Locator::Css(css)).await.expect("a page").is_empty()
    }

    /// Waits for what must become true.
    pub async fn until(&self, what: &str, is_true: impl AsyncFn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_true().await {
            assert!(Instant::now() < end, "waited in vain for {what}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whatever the browser has said of the pages since it was last asked: what a policy forbade, errors, advice.
    pub async fn browser_says(&self) -> Vec<String> {
        let entries = self.own("se/log", json!({ "type": "browser" })).await;
        let entries = entries.as_array().expect("entries").clone();
        entries.iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A command of Chrome's own protocol.
    pub async fn chrome(&self, command: &str, parameters: Value) -> Value {
        self.own("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// Presses the tabulator until that has the focus, as everything on the way can be seen to have it.
    pub async fn tabs_to(&self, css: &str) {
        for _ in 0..30 {
            self.types(&char::from(Key::Tab).to_string()).await;
            let outline = self.script("return getComputedStyle(document.activeElement).outlineStyle").await;
            assert_eq!(outline, "solid", "where the focus is must be seen on the way to {css}");
            if self.has_focus(css).await {
                return;
            }
        }
        panic!("the tabulator does not lead to {css}");
    }

    pub async fn has_focus(&self, css: &str) -> bool {
        let is_there = format!("return document.activeElement.matches({})", json!(css));
        self.script(&is_there).await == json!(true)
    }

    /// Types on the keyboard, wherever the focus is.
    pub async fn types(&self, text: &str) {
        let keys = text.chars().fold(KeyActions::new("keyboard".to_owned()), |keys, value| {
            keys.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        self.browser.perform_actions(keys).await.expect("a keyboard");
    }

    /// Hits a key that leads to another page, and waits for it.
    pub async fn hits(&self, key: Key, what: &str) {
        let before = self.find("html").await;
        self.types(&char::from(key).to_string()).await;
        self.until(what, async || before.tag_name().await.is_err()).await;
        self.find("main").await;
    }

    /// Runs a script in the page, as its own scripts run.
    pub async fn script(&self, script: &str) -> Value {
        self.browser.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub async fn script_that_calls_back(&self, script: &str) -> Value {
        self.browser.execute_async(script, Vec::new()).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Shows pages in a window so many pixels wide, in these colours.
    pub async fn is_shown(&self, width: u32, colours: Colours) {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.chrome("Emulation.setDeviceMetricsOverride", size).await;
        let colours = json!([{ "name": "prefers-color-scheme", "value": colours.name() }]);
        self.chrome("Emulation.setEmulatedMedia", json!({ "features": colours })).await;
    }

    pub async fn is_shown_as_before(&self) {
        self.chrome("Emulation.clearDeviceMetricsOverride", json!({})).await;
        self.chrome("Emulation.setEmulatedMedia", json!({ "features": [] })).await;
    }

    /// A picture (PNG) of the page from its top to its bottom.
    pub async fn whole_page(&self) -> Vec<u8> {
        let answer = self.chrome("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        BASE64.decode(answer["data"].as_str().unwrap_or_default().as_bytes()).expect("a picture")
    }

    async fn own(&self, path: &'static str, body: Value) -> Value {
        self.browser.issue_cmd(Own { path, body }).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub async fn sign_up(&self, name: &str) {
        self.open("/signup").await;
        self.fill("username", name).await;
        self.fill("password", PASSWORD).await;
        self.press("Make my account").await;
        self.is_at("/profile").await;
    }

    pub async fn log_in(&self, name: &str, password: &str) {
        self.fill("username", name).await;
        self.fill("password", password).await;
        self.press("Log in").await;
    }
}
