//! The words that tests use. Ada has an account, Eve does not. The same people everywhere.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rocket::figment::Figment;
use rocket::figment::providers::Serialized;
use rocket::http::{Header, Method, Status};
use rocket::local::asynchronous::Client;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use totp_rs::Totp;
use vestibule::auth::Auth;
use vestibule::model::{Clock, Moment, TotpSecret};
use vestibule::store::Database;

use crate::postgres;

pub const ADA: &str = "Ada";
pub const PASSWORD: &str = "correct horse battery staple";

/// The app on a folder of its own, with a clock that a test can turn.
pub struct App {
    pub client: Client,
    pub clock: Clock,
    pub folder: Arc<TempDir>,
}

impl App {
    /// Nobody has an account yet.
    pub async fn new() -> Self {
        Self::with_settings(&[]).await
    }

    pub async fn with_settings(settings: &[(&str, Value)]) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self::in_folder(folder, settings).await
    }

    /// The app on a folder that another one has used.
    pub async fn in_folder(folder: Arc<TempDir>, settings: &[(&str, Value)]) -> Self {
        let clock = Clock::standing_at(Moment::from_millis(1_800_000_000_000));
        let rocket = vestibule::app_with_clock(figment(&folder, settings), clock.clone()).expect("good settings");
        let client = Client::untracked(rocket).await.expect("an app that launches");
        Self { client, clock, folder }
    }

    /// An app and Ada, who has signed up and is signed in.
    pub async fn with_ada() -> (Self, Cookies) {
        let app = Self::new().await;
        let cookies = app.sign_up(ADA).await;
        (app, cookies)
    }

    /// Signs somebody up and gives back what their browser holds then.
    pub async fn sign_up(&self, username: &str) -> Cookies {
        let browser = self.browser();
        let answer = browser.submit("/signup", &[("username", username), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
        browser.cookies.into_inner()
    }

    /// Somebody at a browser, with no cookies.
    pub fn browser(&self) -> Visitor<'_> {
        Visitor::new(self, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    }

    /// Somebody at a browser that holds these cookies.
    pub fn browser_with(&self, cookies: &Cookies) -> Visitor<'_> {
        let browser = self.browser();
        *browser.cookies.borrow_mut() = cookies.clone();
        browser
    }

    /// A program that wants JSON.
    pub fn program(&self) -> Visitor<'_> {
        Visitor::new(self, "application/json")
    }

    /// A program that wants JSON and holds these cookies.
    pub fn program_with(&self, cookies: &Cookies) -> Visitor<'_> {
        let program = self.program();
        *program.cookies.borrow_mut() = cookies.clone();
        program
    }

    /// The verbs, for what no page shows.
    pub fn auth(&self) -> &Auth {
        self.client.rocket().state::<Arc<Auth>>().expect("an app that has launched")
    }

    /// What the activity of whoever holds these cookies says, the latest first, once it holds so many of that kind: what
    /// failed is written while the answer goes out already.
    pub async fn activity(&self, cookies: &Cookies, kind: &str, at_least: usize) -> Vec<String> {
        for _ in 0..2_000 {
            let events = self.program_with(cookies).get("/activity").await.json();
            let kinds: Vec<String> = events["events"]
                .as_array()
                .expect("events")
                .iter()
                .map(|event| event["kind"].as_str().unwrap_or_default().to_owned())
                .collect();
            if kinds.iter().filter(|known| *known == kind).count() >= at_least {
                return kinds;
            }
            rocket::tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no {at_least} events of {kind}");
    }

    /// Turns on the second step for whoever holds these cookies; gives what a phone would make codes of, and the recovery
    /// codes.
    pub async fn turn_on_second_step(&self, cookies: &Cookies) -> (Phone, Vec<String>) {
        let program = self.program_with(cookies);
        let phone = loop {
            let phone = Phone::set_up(&program.press("/two-factor/start").await.json());
            // Else a code of another time may be a right one: that of one key in a thousand is.
            if phone.repeats_no_code(self) {
                break phone;
            }
        };
        let on = program.send("/two-factor/on", json!({ "code": phone.code(self) })).await;
        assert_eq!(on.status, Status::Ok, "{}", on.body);
        let told = on.json();
        let codes = told["recovery_codes"].as_array().expect("codes");
        let codes = codes.iter().map(|code| code.as_str().unwrap_or_default().to_owned());
        (phone, codes.collect())
    }

    /// Accounts and sessions in the database.
    pub async fn count(&self) -> (i64, i64) {
        self.auth().count().await.expect("a database")
    }

    /// Which database it uses.
    pub fn database(&self) -> Database {
        match postgres::database_of(self.folder.path()) {
            Some(address) => Database::parse(&address).expect("an address").expect("a server"),
            None => Database::Sqlite(self.folder.path().join("data/vestibule.db")),
        }
    }

    /// Runs SQL in the database, behind the app's back, and gives back the one number that it asks for, if it does.
    pub async fn run_sql(&self, sql: &str) -> Option<i64> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match postgres::database_of(self.folder.path()) {
            Some(database) => {
                let mut database = sqlx::PgConnection::connect(&database).await.expect("a database");
                sqlx::query_scalar(sql).fetch_optional(&mut database).await.expect("good SQL")
            }
            None => {
                let file = self.folder.path().join("data/vestibule.db");
                let file = SqliteConnectOptions::new().filename(file);
                let mut database = file.connect().await.expect("a database");
                sqlx::query_scalar(sql).fetch_optional(&mut database).await.expect("good SQL")
            }
        }
    }

    pub fn wait(&self, duration: Duration) {
        self.clock.turn_forward(duration);
    }
}

/// Settings for a test: this folder, the database of this run, one hashing thread, nothing from the environment.
pub fn figment(folder: &TempDir, settings: &[(&str, Value)]) -> Figment {
    let start = Figment::from(rocket::Config::default())
        .merge(Serialized::global("data_dir", folder.path().join("data")))
        .merge(Serialized::global("hash_threads", 1))
        .merge(Serialized::global("hash_queue", 200))
        // What many tests do at once or again and again would be slowed down; those of the throttle turn it on.
        .merge(Serialized::global("throttle", false));
    let start = match postgres::database_of(folder.path()) {
        Some(database) => start.merge(Serialized::global("database_url", database)),
        None => start,
    };
    settings.iter().fold(start, |figment, (key, value)| figment.merge(Serialized::global(key, value)))
}

/// An app for one-time codes.
pub struct Phone(Totp);

impl Phone {
    /// One that has read what `/two-factor` shows to whoever sets one up.
    pub fn set_up(page: &Value) -> Self {
        Self(Totp::from_url(page["setup"]["address"].as_str().expect("an address")).expect("a TOTP address"))
    }

    /// The code of the present moment.
    pub fn code(&self, app: &App) -> String {
        self.code_at(app, 0)
    }

    /// The code of so many seconds later; earlier, when negative.
    pub fn code_at(&self, app: &App, later: i64) -> String {
        let seconds = app.clock.now().millis() / 1_000 + later;
        self.0.generate(seconds.unsigned_abs()).to_string()
    }

    /// Six digits that are no code of this key, now or within ten minutes.
    pub fn wrong_code(&self, app: &App) -> String {
        let near = self.codes_near(app);
        let mut codes = (0..).map(|number| format!("{number:06}"));
        codes.find(|code| !near.contains(code)).expect("fewer codes than numbers")
    }

    fn repeats_no_code(&self, app: &App) -> bool {
        let near = self.codes_near(app);
        near.iter().collect::<BTreeSet<_>>().len() == near.len()
    }

    fn codes_near(&self, app: &App) -> Vec<String> {
        (-20..=20).map(|steps| self.code_at(app, steps * TotpSecret::STEP)).collect()
    }
}

/// What a browser holds, by name.
pub type Cookies = BTreeMap<String, String>;

/// Somebody or something that talks to the app and keeps its cookies.
pub struct Visitor<'a> {
    app: &'a App,
    pub cookies: RefCell<Cookies>,
    headers: Vec<(&'static str, String)>,
    peer: Option<SocketAddr>,
}

impl<'a> Visitor<'a> {
    fn new(app: &'a App, accept: &'static str) -> Self {
        Self { app, cookies: RefCell::default(), headers: vec![("Accept", accept.to_owned())], peer: None }
    }

    /// The same with another header on every request.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The same over a connection from that address.
    pub fn from(mut self, address: &str) -> Self {
        self.peer = Some(SocketAddr::new(address.parse().expect("an address"), 50_000));
        self.with("Host", "localhost")
    }

    /// The same without a header.
    pub fn without(mut self, name: &'static str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::Get, path, None, Vec::new()).await
    }

    /// Sends a form, as a browser writes it.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post(path, "application/x-www-form-urlencoded", encode(fields)).await
    }

    pub async fn send(&self, path: &str, body: impl Serialize) -> Answer {
        self.post(path, "application/json", serde_json::to_vec(&body).expect("JSON")).await
    }

    /// Sends any bytes as any kind.
    pub async fn post(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.request(Method::Post, path, Some(kind), body.into()).await
    }

    /// A POST with nothing in it.
    pub async fn press(&self, path: &str) -> Answer {
        self.request(Method::Post, path, None, Vec::new()).await
    }

    pub async fn request(&self, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        let mut request = self.app.client.req(method, path.to_owned());
        for (name, value) in &self.headers {
            request.add_header(Header::new(*name, value.clone()));
        }
        if let Some(kind) = kind {
            request.add_header(Header::new("Content-Type", kind.to_owned()));
        }
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.add_header(Header::new("Cookie", cookies.join("; ")));
        }
        if let Some(peer) = self.peer {
            request.set_remote(peer);
        }
        let response = request.body(body).dispatch().await;

        let status = response.status();
        let headers: Vec<(String, String)> =
            response.headers().iter().map(|header| (header.name().to_string(), header.value().to_owned())).collect();
        let answer = Answer { status, headers, body: response.into_string().await.unwrap_or_default() };
        for set in answer.all("Set-Cookie") {
            let (name, value) = set.split(';').next().and_then(|pair| pair.split_once('=')).expect("name=value");
            match set.contains("Max-Age=0") {
                true => self.cookies.borrow_mut().remove(name),
                false => self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }
}

/// What came back.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: Status,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// What it says of the cookie of the session.
    pub fn session_cookie(&self) -> &str {
        let is_sessions = |value: &&str| value.split('=').next().is_some_and(|name| name.ends_with("session_id"));
        self.all("Set-Cookie").find(is_sessions).unwrap_or_else(|| panic!("no cookie of a session: {:?}", self.headers))
    }

    /// Asserts that it leads there.
    pub fn leads_to(&self, path: &str) {
        assert_eq!((self.status, self.header("Location")), (Status::SeeOther, Some(path)), "{}", self.body);
    }

    /// Asserts that it is a problem of that status (RFC 9457), and gives its `errors`.
    pub fn is_problem(&self, status: Status) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("Content-Type"), Some("application/problem+json"), "{}", self.body);
        let problem = self.json();
        assert_eq!(problem["status"], status.code);
        for member in ["type", "title", "detail", "request_id"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
        }
        problem["errors"].clone()
    }

    /// Asserts that it is a page of that status.
    pub fn is_page(&self, status: Status) -> &str {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("Content-Type"), Some("text/html; charset=utf-8"));
        assert!(self.body.starts_with("<!doctype html>") && self.body.trim_end().ends_with("</html>"), "{}", self.body);
        &self.body
    }
}

/// The tag of the input of that name, for looking at its attributes.
pub fn input<'a>(page: &'a str, name: &str) -> &'a str {
    let start = page.find(&format!("<input id=\"{name}\"")).unwrap_or_else(|| panic!("no input {name} in {page}"));
    &page[start..start + page[start..].find('>').expect("the end of the tag")]
}

/// The start of a test's random choices: the same number makes the same ones; the machine's own timing is not repeated.
pub fn seed() -> u64 {
    const SEED: &str = "VESTIBULE_TEST_SEED";

    let seed = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random::<u32>);
    println!("{SEED}={seed}");
    seed.into()
}

/// A form as browsers write it.
pub fn encode(fields: &[(&str, &str)]) -> String {
    let text = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    fields.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect::<Vec<_>>().join("&")
}

/// Ada's name and password, as JSON.
pub fn adas() -> Value {
    json!({ "username": ADA, "password": PASSWORD })
}
