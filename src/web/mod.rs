//! HOW BROWSERS AND PROGRAMS TALK TO US: what was sent, who is looking, what an answer is. All of Rocket's traits.

mod answer;
mod asker;
mod assets;
mod basic;
mod client;
mod door;
mod failed;
mod headers;
mod next_path;
mod problem;
mod problems;
mod request_id;
mod sent;
mod session_cookie;
mod site;
mod templates;
mod viewer;

pub use answer::{FormPage, Next, Page, Retry, Show, Submitted};
pub use asker::Asker;
pub use assets::Asset;
pub use basic::Basic;
pub use client::Client;
pub use door::{Door, MethodAsSent, door_routes, is_door};
pub use failed::Failed;
pub use headers::SecurityHeaders;
pub use next_path::NextPath;
pub use problem::{Drawn, Refusal, refusal_of, refuse};
pub use problems::Problems;
pub use request_id::RequestId;
pub use sent::{Fields, Form, Sent};
pub use session_cookie::SessionCookie;
pub use site::Site;
pub use templates::templates;
pub use viewer::{SignedIn, Viewer, Visitor};
