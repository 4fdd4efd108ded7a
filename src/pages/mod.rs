//! WHAT EACH ADDRESS SHOWS OR DOES: one file a page, with its form, its data, `show` and `submit`.

mod error;
mod home;
mod login;
mod logout;
mod me;
mod profile;
mod protected;
mod signup;
mod static_files;

use rocket::{Catcher, Route, catchers as catcher_list, routes as route_list};

use crate::web::door_routes;

/// The one list of addresses.
pub fn routes() -> Vec<Route> {
    let pages = route_list![
        home::show,
        signup::show,
        signup::submit,
        login::show,
        login::submit,
        logout::submit,
        profile::show,
        profile::submit,
        me::show,
        protected::show,
        static_files::show,
        static_files::favicon,
    ];
    door_routes().into_iter().chain(pages).collect()
}

/// What draws every failure.
pub fn catchers() -> Vec<Catcher> {
    catcher_list![error::log_in_first, error::any_failure]
}
