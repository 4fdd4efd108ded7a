//! What every request passes before any page: whom it is meant for, whether another site sent it, and who is looking.

use std::collections::BTreeSet;

use rocket::data::Data;
use rocket::http::uri::Host;
use rocket::http::{Method, Status};
use rocket::request::{self, FromRequest};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Orbit, Request, Rocket};

use super::visitor::Viewer;
use super::{Error, Metrics, Problems, Site};

/// Before every page.
const FIRST: isize = -100;
/// After every other route.
const LAST: isize = 100;

/// The methods that Rocket can route; HEAD goes where GET goes.
const METHODS: [Method; 8] = [
    Method::Get,
    Method::Put,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Trace,
    Method::Connect,
    Method::Patch,
];

/// Stands before every address: refuses what is meant for another host and what another site sent, finds out who is looking,
/// and lets the rest by. A page can therefore not forget to ask.
#[derive(Clone)]
struct RequestFilter;

/// Stands behind every address: tells an unknown address (404) from a wrong method (405 with `Allow`).
#[derive(Clone)]
struct Fallback;

/// The routes of the filter and the fallback, for all methods and addresses.
pub fn filter_routes() -> Vec<Route> {
    let both = |method| {
        let mut filter = Route::ranked(FIRST, method, "/<path..>", RequestFilter);
        let mut fallback = Route::ranked(LAST, method, "/<path..>", Fallback);
        filter.name = Some("filter".into());
        fallback.name = Some("fallback".into());
        [filter, fallback]
    };
    METHODS.into_iter().flat_map(both).collect()
}

/// Lets routes go around the filter: they are for whoever asks, and change nothing. Their guards may not ask who is looking,
/// which nobody has found out for them.
pub fn before_filter(mut routes: Vec<Route>) -> Vec<Route> {
    for route in &mut routes {
        route.rank = FIRST - 1;
    }
    routes
}

/// Whether a route is the filter or the fallback, and no page.
pub fn is_filter(route: &Route) -> bool {
    matches!(route.rank, FIRST | LAST)
}

/// Every address there is with its method, like `POST /login`.
pub struct Addresses(pub Vec<String>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Addresses {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        let mut routes: Vec<&Route> = request.rocket().routes().filter(|route| !is_filter(route)).collect();
        routes.sort_by_key(|route| (route.uri.path(), route.method.as_str()));
        let addresses = routes.iter().map(|route| format!("{} {}", route.method, route.uri.path()));
        request::Outcome::Success(Self(addresses.collect()))
    }
}

#[rocket::async_trait]
impl Handler for RequestFilter {
    async fn handle<'r>(&self, request: &'r Request<'_>, mut data: Data<'r>) -> Outcome<'r> {
        let chooses_method = chooses_method(request, &mut data).await;
        if let Err(error) = check(Site::of(request), request, chooses_method) {
            return Outcome::Error(error.note(request));
        }
        Viewer::find(request).await;
        Outcome::forward(data, Status::NotFound)
    }
}

fn check(site: &Site, request: &Request<'_>, chooses_method: bool) -> Result<(), Error> {
    check_host(site, request)?;
    let changes_nothing = matches!(request.method(), Method::Get | Method::Head | Method::Options | Method::Trace);
    if !changes_nothing || chooses_method {
        check_sender(site, request)?;
    }
    if chooses_method {
        return Err(Error::fields(Problems::with("_method", "There is no such field here.")));
    }
    Ok(())
}

/// Exactly one `Host`, and one of ours: a name that another site's owner points at us is not (DNS rebinding).
fn check_host(site: &Site, request: &Request<'_>) -> Result<(), Error> {
    let sent = request.headers().get("Host").count();
    // Only a request that was made in this process, by a test, has no peer; it need not name a host.
    if sent == 0 && request.remote().is_none() {
        return Ok(());
    }
    match named_host(request).filter(|_| sent == 1) {
        None => Err(Error::saying(Status::BadRequest, "The request must name one host.")),
        Some(host) if !site.is_host(&host) => {
            Err(Error::saying(Status::MisdirectedRequest, "This site does not answer to that name."))
        }
        Some(_) => Ok(()),
    }
}

/// The host that is named. Rocket would pass over what stands before an `@`, which no host has (RFC 9110 §7.2).
pub(super) fn named_host<'r>(request: &'r Request<'_>) -> Option<Host<'r>> {
    let host = request.headers().get_one("Host").filter(|host| !host.contains('@'))?;
    Host::parse(host).ok()
}

/// Whatever changes something must come from a page of ours or from no page at all (ASVS 3.5.1). Browsers say which, and
/// a page cannot make them lie.
fn check_sender(site: &Site, request: &Request<'_>) -> Result<(), Error> {
    let one = |name: &str| {
        let mut sent = request.headers().get(name);
        (sent.next(), sent.next().is_none())
    };
    let is_ours = match (one("Sec-Fetch-Site"), one("Origin")) {
        ((Some(from), is_only), _) => is_only && matches!(from, "same-origin" | "none"),
        (_, (Some(origin), is_only)) => is_only && site.is_origin(origin, named_host(request).as_ref()),
        // No browser of today leaves both out: this is a program.
        ((None, _), (None, _)) => true,
    };
    if is_ours {
        return Ok(());
    }
    Metrics::count_cross_site(request);
    let says = "This came from another site, so nothing was done. Open the page here and try again.";
    Err(Error::saying(Status::Forbidden, says))
}

#[rocket::async_trait]
impl Handler for Fallback {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        let methods = methods_at(request.rocket(), request);
        if methods.is_empty() {
            return Outcome::Error(Status::NotFound);
        }
        Outcome::Error(Error::method_not_allowed(methods.join(", ")).note(request))
    }
}

/// The methods that the address of this request has.
fn methods_at(rocket: &Rocket<Orbit>, request: &Request<'_>) -> Vec<&'static str> {
    let mut methods = BTreeSet::new();
    for route in rocket.routes().filter(|route| !is_filter(route) && leads_to(route, request)) {
        methods.insert(route.method.as_str());
        if route.method == Method::Get {
            methods.insert(Method::Head.as_str());
        }
    }
    methods.into_iter().collect()
}

/// Whether a route's address is the one that was asked for; a `<part>` stands for anything.
fn leads_to(route: &Route, request: &Request<'_>) -> bool {
    let path = request.uri().path();
    let asked: Vec<&str> = path.segments().filter(|part| !part.is_empty()).collect();
    let route: Vec<&str> = route.uri.path().split('/').filter(|part| !part.is_empty()).collect();
    route.len() == asked.len()
        && route.iter().zip(&asked).all(|(route, asked)| route.starts_with('<') || route == asked)
}

/// Whether the body begins with Rocket's `_method`, read as Rocket reads it: by it a form could choose another method than
/// the one that browsers tell us of. Which one was sent cannot be known any more.
async fn chooses_method(request: &Request<'_>, data: &mut Data<'_>) -> bool {
    if !request.content_type().is_some_and(|kind| kind.is_form()) {
        return false;
    }
    let start = data.peek("_method=delete".len()).await;
    let first = std::str::from_utf8(start).ok().and_then(|start| rocket::form::Form::values(start).next());
    first.is_some_and(|field| field.name == "_method")
}
