//! People with accounts and sessions, and what they ask for.

use std::io::Result;
use std::sync::Arc;

use rocket::futures::future::try_join_all;
use serde_json::json;

use super::load::{Connection, Load, get, post};

const PASSWORD: &str = "correct horse battery staple";

/// Everyone who has signed up at one server. Sessions are used as they are; those who log in are others, because of many
/// sessions the oldest end.
pub struct Members {
    cookies: Arc<Vec<String>>,
    others: usize,
}

impl Members {
    /// Signs up so many, and half as many others.
    pub async fn sign_up(port: u16, sessions: usize) -> Result<Self> {
        const AT_ONCE: usize = 4;

        let others = sessions / 2;
        let one_after_another = |first: usize| async move {
            let mut connection = Connection::open(port).await?;
            let mut cookies = Vec::new();
            for number in (first..sessions + others).step_by(AT_ONCE) {
                let name = if number < sessions { format!("member{number}") } else { other(number - sessions) };
                let cookie = connection.ask(&account("/signup", &name)).await?.session_cookie()?;
                cookies.extend((number < sessions).then_some(cookie));
            }
            Ok::<_, std::io::Error>(cookies)
        };
        let cookies = try_join_all((0..AT_ONCE).map(one_after_another)).await?.concat();
        Ok(Self { cookies: Arc::new(cookies), others })
    }

    pub fn check(&self, clients: usize) -> (&'static str, Load) {
        ("session check, JSON", self.with_cookies(clients, "/getusers/me", "application/json"))
    }

    pub fn profile(&self, clients: usize) -> (&'static str, Load) {
        ("profile page", self.with_cookies(clients, "/profile", "text/html"))
    }

    pub fn log_in(&self, clients: usize) -> (&'static str, Load) {
        let others = self.others as u64;
        ("login", Load::new(clients, move |n| account("/login", &other((n % others) as usize))))
    }

    pub fn sign_up_more(&self, clients: usize) -> (&'static str, Load) {
        // Whoever measures twice needs other names the second time.
        let run = uuid::Uuid::from_u128(rand::random()).simple().to_string();
        ("sign-up", Load::new(clients, move |n| account("/signup", &format!("n{n}-{}", &run[..16]))))
    }

    fn with_cookies(&self, clients: usize, path: &'static str, kind: &'static str) -> Load {
        let cookies = Arc::clone(&self.cookies);
        Load::new(clients, move |n| {
            let cookie = &cookies[n as usize % cookies.len()];
            get(path, &format!("Accept: {kind}\r\nCookie: {cookie}\r\n"))
        })
    }
}

fn other(number: usize) -> String {
    format!("other{number}")
}

fn account(path: &str, username: &str) -> Vec<u8> {
    post(path, &json!({ "username": username, "password": PASSWORD }))
}
