use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use rocket::http::{Header, Method};
use serde::Serialize;
use vestibule::web::Site;

use super::{Answer, App, encode};

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
    /// One that asks for the site by its own name.
    pub fn new(app: &'a App, accept: &'static str) -> Self {
        let site = app.client.rocket().state::<Site>().expect("a site");
        let headers = vec![("Host", site.public_url.host.clone()), ("Accept", accept.to_owned())];
        Self { app, cookies: RefCell::default(), headers, peer: None }
    }

    /// The same with another header on every request.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.also_with(name, value)
    }

    /// The same with one more header on every request, beside those of that name that are there.
    pub fn also_with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same over a connection from that address.
    pub fn from(mut self, address: &str) -> Self {
        self.peer = Some(SocketAddr::new(address.parse().expect("an address"), 50_000));
        self
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
            if set.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}
