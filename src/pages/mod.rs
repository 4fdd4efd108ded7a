//! WHAT EACH ADDRESS SHOWS OR DOES: one file a page, with its form, its data, `show` and `submit`.

mod activity;
mod confirm;
mod delete_account;
mod error;
mod export;
mod health;
mod home;
mod login;
mod login_code;
mod logout;
mod me;
mod metrics;
mod password;
mod profile;
mod protected;
mod reset_password;
mod sessions;
mod signup;
mod static_files;
mod two_factor;

use rocket::{Catcher, Route, catchers as catcher_list, routes as route_list};

use crate::web::{RouteMark, before_filter, filter_routes};

/// The one list of addresses.
pub fn routes() -> Vec<Route> {
    let links = RouteMark::SECRET_ADDRESS.on(route_list![reset_password::show, reset_password::submit]);
    let data = RouteMark::NO_PAGE.on(route_list![me::show, export::show]);
    // Whoever looks after a process asks it by its own address, or names no host at all. Of its health everyone is told the
    // same, and who may read the metrics their guard knows.
    let process = before_filter(RouteMark::NO_PAGE.on(route_list![health::live, health::ready, metrics::show]));
    [process, filter_routes(), pages(), links, data].concat()
}

fn pages() -> Vec<Route> {
    route_list![
        home::show,
        protected::show,
        signup::show,
        signup::submit,
        login::show,
        login::submit,
        login_code::show,
        login_code::submit,
        logout::submit,
        confirm::show,
        confirm::submit,
        profile::show,
        profile::submit,
        password::show,
        password::submit,
        password::well_known,
        two_factor::show,
        two_factor::qr_code,
        two_factor::start,
        two_factor::turn_on,
        two_factor::turn_off,
        two_factor::new_codes,
        sessions::show,
        sessions::end,
        sessions::end_others,
        sessions::forget,
        activity::show,
        activity::submit,
        delete_account::show,
        delete_account::submit,
        static_files::show,
        static_files::favicon,
    ]
}

/// What draws every failure.
pub fn catchers() -> Vec<Catcher> {
    catcher_list![error::log_in_first, error::confirm_first, error::any_failure]
}
