//! People who come, do this and that, and go.

use std::cell::Cell;
use std::io::Result;
use std::rc::Rc;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use super::load::{Connection, Head};

/// What whoever is signed in looks at.
const PAGES: [&str; 7] = ["/", "/profile", "/getusers/me", "/protected", "/sessions", "/activity", "/two-factor"];
const FOR_ALL: [&str; 6] = ["/", "/login", "/signup", "/favicon.svg", "/health/ready", "/health/live"];
const NOWHERE: [&str; 4] = ["/no-such-page", "/profile/a.css", "/static/none.css", "/.git/HEAD"];
/// From how many networks they come.
const NETWORKS: u32 = 4_000;

/// What was answered.
#[derive(Default)]
pub struct Answered {
    pub all: u64,
    /// With a 5xx, while nobody had asked the server to stop.
    pub failed: u64,
    /// With another status than was to be expected.
    pub unexpected: u64,
    /// Connections that ended, the same.
    pub broken: u64,
    pub signed_up: u64,
    /// Those who went without logging out.
    pub stayed: u64,
}

/// One after the other, over one connection.
pub struct Crowd {
    port: u16,
    is_stopping: Rc<Cell<bool>>,
    random: StdRng,
    pub answered: Answered,
}

/// Somebody with an account.
struct Person {
    name: String,
    password: String,
    /// The session's cookie.
    cookie: String,
    address: String,
}

/// What is sent, as which kind of browser or program.
enum Sent<'a> {
    Nothing,
    Form(&'a [(&'a str, &'a str)]),
    Json(&'a [(&'a str, &'a str)]),
}

impl Answered {
    pub fn add(&mut self, more: &Self) {
        self.all += more.all;
        self.failed += more.failed;
        self.unexpected += more.unexpected;
        self.broken += more.broken;
        self.signed_up += more.signed_up;
        self.stayed += more.stayed;
    }
}

impl Crowd {
    pub fn new(port: u16, is_stopping: Rc<Cell<bool>>) -> Self {
        Self { port, is_stopping, random: StdRng::from_seed(rand::random()), answered: Answered::default() }
    }

    /// People come and go until the server stops.
    pub async fn come_and_go(&mut self) {
        while !self.is_stopping.get() {
            let ended = match Connection::open(self.port).await {
                Ok(mut connection) => self.live(&mut connection).await,
                Err(error) => Err(error),
            };
            if ended.is_err() && !self.is_stopping.get() {
                self.answered.broken += 1;
            }
        }
    }

    async fn live(&mut self, connection: &mut Connection) -> Result<()> {
        while !self.is_stopping.get() {
            let Some(mut person) = self.sign_up(connection).await? else { continue };
            for _ in 0..self.random.random_range(5..40) {
                self.act(connection, &mut person).await?;
            }
            if self.random.random_ratio(1, 20) {
                self.answered.stayed += 1;
            } else {
                self.ask(connection, &person, "/logout", Sent::Form(&[]), &[303]).await?;
            }
        }
        Ok(())
    }

    async fn sign_up(&mut self, connection: &mut Connection) -> Result<Option<Person>> {
        let number: u64 = self.random.random();
        let network = self.random.random_range(0..NETWORKS);
        let mut person = Person {
            name: format!("p{number:x}"),
            password: format!("the first password of {number:x}"),
            cookie: String::new(),
            address: format!("10.{}.{}.1", network / 250, network % 250),
        };
        let fields = [("username", &*person.name), ("password", &*person.password)];
        let (sent, made) = self.form_or_json(&fields, 201);
        let head = self.ask(connection, &person, "/signup", sent, &[made, 429]).await?;
        if head.status() != made {
            return Ok(None);
        }
        self.answered.signed_up += 1;
        person.cookie = head.session_cookie()?;
        Ok(Some(person))
    }

    async fn act(&mut self, connection: &mut Connection, person: &mut Person) -> Result<()> {
        match self.random.random_range(0..24) {
            0 => self.change_password(connection, person).await,
            1 => self.log_in(connection, person).await,
            2 | 3 => {
                // Often by a name that nobody has.
                let nobody = format!("nobody{}", self.random.random_range(0..200));
                let name = if self.random.random_bool(0.8) { nobody } else { person.name.clone() };
                let fields = [("username", &*name), ("password", "not the password of anybody")];
                let (sent, _) = self.form_or_json(&fields, 401);
                self.ask(connection, person, "/login", sent, &[401, 429]).await.map(drop)
            }
            4 | 5 => {
                let fields = [("display_name", "Ada Lovelace")];
                let (sent, done) = self.form_or_json(&fields, 200);
                self.ask(connection, person, "/profile", sent, &[done]).await.map(drop)
            }
            6 => {
                let fields = [("display_name", ""), ("role", "admin")];
                self.ask(connection, person, "/profile", Sent::Json(&fields), &[422]).await.map(drop)
            }
            7 | 8 => self.look(connection, person, &NOWHERE, 404).await,
            9 | 10 => self.look(connection, person, &FOR_ALL, 200).await,
            _ => self.look(connection, person, &PAGES, 200).await,
        }
    }

    async fn look(&mut self, connection: &mut Connection, person: &Person, at: &[&str], status: u16) -> Result<()> {
        let path = at.choose(&mut self.random).copied().unwrap_or("/");
        self.ask(connection, person, path, Sent::Nothing, &[status]).await.map(drop)
    }

    async fn change_password(&mut self, connection: &mut Connection, person: &mut Person) -> Result<()> {
        let new = format!("a later password {:x}", self.random.random::<u64>());
        let fields = [("current_password", &*person.password), ("new_password", &*new)];
        let (sent, done) = self.form_or_json(&fields, 200);
        let head = self.ask(connection, person, "/password", sent, &[done, 429]).await?;
        if head.status() == done {
            (person.password, person.cookie) = (new, head.session_cookie()?);
        }
        Ok(())
    }

    async fn log_in(&mut self, connection: &mut Connection, person: &mut Person) -> Result<()> {
        let fields = [("username", &*person.name), ("password", &*person.password)];
        let (sent, done) = self.form_or_json(&fields, 200);
        let head = self.ask(connection, person, "/login", sent, &[done, 429]).await?;
        if head.status() == done {
            person.cookie = head.session_cookie()?;
        }
        Ok(())
    }

    /// One or the other, and what it is answered when all is well.
    fn form_or_json<'a>(&mut self, fields: &'a [(&'a str, &'a str)], done: u16) -> (Sent<'a>, u16) {
        let is_form = self.random.random_bool(0.5);
        let leads_on = if done < 300 { 303 } else { done };
        if is_form { (Sent::Form(fields), leads_on) } else { (Sent::Json(fields), done) }
    }

    /// Asks, and counts what is answered.
    async fn ask(
        &mut self,
        connection: &mut Connection,
        person: &Person,
        path: &str,
        sent: Sent<'_>,
        expected: &[u16],
    ) -> Result<Head> {
        let head = connection.exchange(&sent.request(path, person)).await?;
        self.answered.all += 1;
        if !self.is_stopping.get() {
            self.answered.failed += u64::from(head.status() >= 500);
            self.answered.unexpected += u64::from(head.status() < 500 && !expected.contains(&head.status()));
        }
        Ok(head)
    }
}

impl Sent<'_> {
    /// The bytes of the request.
    fn request(&self, path: &str, person: &Person) -> Vec<u8> {
        let (method, kind, accept, body) = match self {
            Self::Nothing => ("GET", "", "text/html", String::new()),
            Self::Form(fields) => {
                let pairs = fields.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+")));
                let body = pairs.collect::<Vec<_>>().join("&");
                ("POST", "Content-Type: application/x-www-form-urlencoded\r\n", "text/html", body)
            }
            Self::Json(fields) => {
                let members = fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
                let body = serde_json::Value::Object(members.collect()).to_string();
                ("POST", "Content-Type: application/json\r\n", "application/json", body)
            }
        };
        let Person { cookie, address, .. } = person;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\n{kind}Cookie: {cookie}\r\n\
             X-Forwarded-For: {address}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}
