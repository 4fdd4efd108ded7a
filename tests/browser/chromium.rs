//! Chromium, driven through ChromeDriver (WebDriver, and Chrome's own protocol where WebDriver has no word for it).

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use ureq::http::Method;
use url::{ParseError, Url};

use crate::machine;

/// A ChromeDriver of our own. It ends with the test, and every browser that it started with it.
pub struct Chromium {
    driver: Child,
    port: u16,
    browser: String,
    /// Where the browsers keep what they keep.
    folder: TempDir,
}

/// What one browser is like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    On,
    /// As a person's own setting, for every site.
    Off,
}

impl Chromium {
    /// Where there is no Chromium, says so for the test to leave it at that.
    pub fn start() -> Option<Self> {
        let found = machine::find("browser", &["chromium", "chromedriver"])?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut driver = Command::new(&found[1])
            .arg("--port=0")
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("ChromeDriver starts");
        let lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_suffix('.')?.rsplit_once("on port ")?.1.parse().ok())
            .expect("ChromeDriver tells its port");
        Some(Self { driver, port, browser: found[0].to_string_lossy().into_owned(), folder })
    }

    /// A browser of its own, which knows nothing of the others.
    pub async fn browser(&self, scripts: Scripts) -> Client {
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            "--lang=en",
            "--window-size=1280,900",
            // Nothing that a page names is asked of the network beyond this machine.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
        ];
        let preferences = match scripts {
            Scripts::On => json!({}),
            Scripts::Off => json!({ "profile.managed_default_content_settings.javascript": 2 }),
        };
        let wanted = json!({
            "browserName": "chrome",
            "acceptInsecureCerts": true,
            "goog:chromeOptions": { "binary": self.browser, "args": arguments, "prefs": preferences },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let wanted: Map<String, Value> = serde_json::from_value(wanted).expect("an object");
        ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .expect("a browser starts")
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Asked to end, it ends its browsers first; killed, it would leave them.
        if ureq::get(format!("http://127.0.0.1:{}/shutdown", self.port)).call().is_err() {
            let _ = self.driver.kill();
        }
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(self.folder.path());
    }
}

/// A command that ChromeDriver has beside those of WebDriver.
#[derive(Debug)]
pub struct Own {
    pub path: &'static str,
    pub body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
