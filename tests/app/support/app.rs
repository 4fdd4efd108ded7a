//! The app without sockets, on a folder of its own.

use std::sync::Arc;
use std::time::Duration;

use rocket::figment::Figment;
use rocket::figment::providers::Serialized;
use rocket::http::Status;
use rocket::local::asynchronous::Client;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use vestibule::auth::Auth;
use vestibule::model::{Clock, Moment};
use vestibule::store::Database;

use super::visitor::{Cookies, Visitor};
use super::{ADA, PASSWORD, Phone, postgres};

/// An event, as its owner is told of it.
#[derive(Debug, serde::Deserialize)]
pub struct Told {
    pub kind: String,
    pub times: usize,
    pub at: String,
    pub last_at: String,
}

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

    /// The kinds of what the activity of whoever holds these cookies tells of, the latest first. That kind happened so often
    /// at the least.
    pub async fn activity(&self, cookies: &Cookies, kind: &str, at_least: usize) -> Vec<String> {
        let events = self.events(cookies).await;
        let times: usize = events.iter().filter(|event| event.kind == kind).map(|event| event.times).sum();
        assert!(times >= at_least, "no {at_least} times {kind}: {events:?}");
        events.into_iter().map(|event| event.kind).collect()
    }

    /// What the activity of whoever holds these cookies tells of, the latest first.
    pub async fn events(&self, cookies: &Cookies) -> Vec<Told> {
        let page = self.program_with(cookies).get("/activity").await.json();
        serde_json::from_value(page["events"].clone()).expect("events")
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
