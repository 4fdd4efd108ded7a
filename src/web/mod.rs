//! HOW BROWSERS AND PROGRAMS TALK TO US: what was sent, who is looking, what an answer is. All of Rocket's traits.

mod assets;
mod basic;
mod browser;
mod client_info;
mod cookies;
mod error;
mod fields;
mod format;
mod headers;
mod metrics;
mod next;
mod page;
mod request_filter;
mod route_mark;
mod scraper;
mod site;
mod submission;
mod templates;
mod visitor;

pub use assets::Asset;
pub use basic::Basic;
pub use browser::{Browser, Welcome};
pub use client_info::browser_of;
pub use error::{Error, ProblemKind, Problems, RequestId};
pub use format::Format;
pub use headers::security_headers;
pub use metrics::{CountRequests, Metrics};
pub use next::{Message, Next, NextPath, Submitted, next_field};
pub use page::{FormError, Page, Refusal, Show};
pub use request_filter::{Addresses, before_filter, filter_routes, is_filter};
pub use route_mark::RouteMark;
pub use scraper::Scraper;
pub use site::Site;
pub use submission::{MOST_KIB, Submission};
pub use templates::templates;
pub use visitor::{Confirmed, SignedIn, Viewer, Visitor};
