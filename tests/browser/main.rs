//! Every promise that only a browser can keep or break, in Chromium: what a person does from the first page to the
//! last, what the browser itself says of our pages, and whether everybody can use them.

mod accessibility;
mod browser_says;
mod chromium;
mod cookies;
mod gallery;
#[path = "../app/support/machine.rs"]
mod machine;
mod other_sites;
mod passwords;
mod person;
mod phone;
mod pictures;
mod site;
mod tls;
mod walk;
