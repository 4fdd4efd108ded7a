//! The floor: Rocket doing the least that the same answer needs, with nothing behind it.

use std::cell::RefCell;
use std::io::{Error, Result};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use rocket::figment::Figment;
use rocket::http::{Cookie, CookieJar, Status};
use rocket::serde::json::Json;
use rocket::tokio::runtime;
use rocket::{Config, get, routes};
use rocket_dyn_templates::{Template, context};
use serde::Serialize;

/// The smallest page that greets somebody: of what our profile shows, the frame and the name.
const BASE: &str = r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{% block title %}{% endblock %}</title><link rel="stylesheet" href="/static/app.css"></head><body><header><nav><a href="/">Home</a><a href="/profile">Profile</a><form method="post" action="/logout"><button>Log out</button></form></nav></header><main>{% block main %}{% endblock %}</main></body></html>"#;
const PAGE: &str = r#"{% extends "base" %}{% block title %}Profile{% endblock %}{% block main %}<h1>Hello {{ username }}</h1><p>You are user number {{ user_id }}.</p>{% endblock %}"#;

#[derive(Serialize)]
struct User {
    username: &'static str,
    user_id: u64,
}

const USER: User = User { username: "user1", user_id: 1 };

/// Serves the floor until the process is ended.
pub fn serve(port: u16) -> Result<()> {
    let config = Figment::from(Config::default())
        .merge(("port", port))
        .merge(("log_level", "off"))
        .merge(("template_dir", "."))
        .merge(("secret_key", vec![7_u8; 64]));
    let templates = Template::try_custom(|engines| {
        engines.tera.add_raw_templates([("base", BASE), ("page", PAGE)])?;
        engines.tera.autoescape_on(vec![""]);
        Ok(())
    });
    let rocket = rocket::custom(config).attach(templates).mount("/", routes![ready, set, me, page, hash]);
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(rocket.launch()).map(drop).map_err(Error::other)
}

#[get("/")]
fn ready() -> &'static str {
    "ready"
}

#[get("/set")]
fn set(jar: &CookieJar<'_>) {
    jar.add_private(Cookie::new("session_id", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"));
}

#[get("/me")]
fn me(jar: &CookieJar<'_>) -> std::result::Result<Json<User>, Status> {
    jar.get_private("session_id").map(|_| Json(USER)).ok_or(Status::Unauthorized)
}

#[get("/page")]
fn page(jar: &CookieJar<'_>) -> std::result::Result<Template, Status> {
    jar.get_private("session_id").ok_or(Status::Unauthorized)?;
    Ok(Template::render("page", context! { username: USER.username, user_id: USER.user_id }))
}

thread_local! {
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// One Argon2id as the server computes it by default, in memory that its thread keeps.
#[get("/hash")]
fn hash() -> Status {
    let Ok(params) = Params::new(19_456, 2, 1, None) else { return Status::InternalServerError };
    let done = MEMORY.with_borrow_mut(|memory| {
        memory.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into_with_memory(
            b"correct horse battery staple",
            b"0123456789abcdef",
            &mut [0; 32],
            memory,
        )
    });
    match done {
        Ok(()) => Status::Ok,
        Err(_) => Status::InternalServerError,
    }
}
