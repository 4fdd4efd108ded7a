//! Vestibule: the front door of a web site. Sign-up, login, profile, members' pages, logout, and the sessions behind
//! them, as pages for people and as JSON for programs.
//!
//! Imports only go downwards, and no two files import each other; a test holds that against the code:
//!
//! | floor | what it is |
//! |---|---|
//! | [`cli`] | the operator's commands: one file or folder each |
//! | [`app`](mod@app) | how it all becomes a running Rocket |
//! | [`pages`] | what each address shows or does: one file a page, one list of routes |
//! | [`web`] | how browsers and programs talk to us: guards, forms, answers, headers |
//! | [`settings`] | what the operator decides, and the folder of data with the key in it |
//! | [`auth`] | what a person can do: verbs on one value, which knows no HTTP; the hashing threads |
//! | [`store`] | where it is kept: all the SQL |
//! | [`model`] | what it is: nouns, parsed once, safe to show |
//! | [`log`](mod@log) | what the operator is told: lines that nobody waits for |
//!
//! A page has one name everywhere: `pages/login.rs`, `/login`, `templates/login.html.tera`, `tests/app/login.rs`; its
//! functions are `show` and `submit`, and where it has more buttons, further verbs.
//!
//! What a request passes, in order:
//!
//! 1. the request filter (`web/request_filter.rs`): the right host? the same site? And who is looking, found once;
//! 2. the guards in the handler's signature: [`web::SignedIn`] (a session?), [`web::Confirmed`] (a fresh proof?),
//!    [`web::Browser`] (which browser asks?);
//! 3. what was submitted, a form or JSON, read strictly into one struct: [`web::Submission`];
//! 4. the page, a verb of [`auth::Auth`], the store;
//! 5. the answer: [`web::Show`] a page, or go on to the [`web::Next`]; both are pages for people and data for programs, by
//!    the [`web::Format`];
//! 6. the fairings of [`app`](mod@app), which put the security headers on every answer and count it.
//!
//! Two things have one place each, so that no path can go around them: a login becomes a session in `auth/log_in.rs`, where
//! the code of two-factor authentication is asked for; and whoever verifies a password or a code needs a permit of
//! `auth/throttle.rs`, which has counted the try where tries are limited.
//!
//! Three kinds of no have three places: a rule says no, or what was typed is not right, and the form is shown again
//! ([`web::FormError`]) with its [`web::Problems`]; a person may not, and a guard fails; we cannot now ([`auth::Failure`]: too
//! many tries, a full queue, the database away), and `?` carries it from wherever it arises. Each becomes a [`web::Error`];
//! where no form shows it, the catcher in [`pages`] draws it.

pub mod app;
pub mod auth;
pub mod cli;
pub mod log;
pub mod model;
pub mod pages;
pub mod settings;
pub mod store;
pub mod web;

pub use app::{StartError, app, app_with_clock};
