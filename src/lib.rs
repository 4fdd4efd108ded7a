//! Vestibule: the front door of a web site. Sign-up, login, profile, members' pages, logout, and the sessions behind
//! them, as pages for people and as JSON for programs.
//!
//! Five floors; imports only go downwards, and a test holds that against the code:
//!
//! | floor | what it is |
//! |---|---|
//! | [`pages`] | what each address shows or does: one file a page, one list of routes |
//! | [`web`] | how browsers and programs talk to us: what was sent, who is looking, what an answer is |
//! | [`auth`] | what a person can do: verbs on one value, which knows no HTTP; the hashing threads |
//! | [`store`] | where it is kept: all the SQL |
//! | [`model`] | what it is: nouns, parsed once, safe to show |
//!
//! Beside the stairs: [`settings`] (what the operator decides, and the folder with the key in it), [`app`]
//! (how it all becomes a running program) and [`cli`] (the commands of that program, one file or folder each: what is
//! done to accounts are verbs of [`auth`]; a backup and the doctor ask the store and look at files).
//!
//! A page has one name everywhere: `pages/login.rs`, `/login`, `templates/login.html.tera`, `tests/app/login.rs`; its
//! functions are `show` and `submit`. What a request passes, in order: the door ([`web::Door`]: the right host? the same
//! site?), the guards in the route's signature ([`web::SignedIn`]: a session? [`web::Confirmed`]: a fresh proof?), what was
//! sent ([`web::Sent`]: a form or JSON, strictly), the page, the verb of [`auth::Auth`], the store.
//!
//! Two things have one place each, so that no path can go around them: a login becomes a session in `auth::admission`,
//! where the second step is asked for; and whoever verifies a password or a code needs a permit of `auth::throttle`, which
//! has counted the try before.
//!
//! Three kinds of no have three places: a rule says no, and the page is shown again with its [`web::Problems`]; a person
//! may not, and a guard fails with the status; we broke, and [`web::Failed`] logs it once where it becomes a status. The
//! catcher in [`pages`] draws the last two.

pub mod app;
pub mod auth;
pub mod cli;
pub mod model;
pub mod pages;
pub mod settings;
pub mod store;
pub mod web;

pub use app::{StartError, app, app_with_clock};
