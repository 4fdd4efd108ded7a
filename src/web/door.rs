//! The door that every request passes before any page: whom it is meant for, and whether another site sent it.

use std::collections::BTreeSet;

use rocket::data::Data;
use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::uri::Host;
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Request, Rocket};

use super::held_form::is_keeper;
use super::{Metrics, Problems, Refusal, Site, refuse};

/// Before every other route.
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

/// Who spreads the load asks each process by its own address, or names no host at all. What is told there is the same for
/// everyone, so that no host needs to be kept from it.
const ANY_HOST: [&str; 2] = ["/health/live", "/health/ready"];

/// Stands before every address: refuses what is meant for another host and what another site sent, and lets the rest by.
/// A route can therefore not forget to ask.
#[derive(Clone)]
pub struct Door;

/// Stands behind every address: tells an unknown address (404) from a wrong method (405 with `Allow`).
#[derive(Clone)]
struct Nowhere;

/// The routes of the door, for all methods and addresses.
pub fn door_routes() -> Vec<Route> {
    METHODS
        .into_iter()
        .flat_map(|method| {
            let mut before = Route::ranked(FIRST, method, "/<path..>", Door);
            let mut behind = Route::ranked(LAST, method, "/<path..>", Nowhere);
            before.name = Some("door".into());
            behind.name = Some("nowhere".into());
            [before, behind]
        })
        .collect()
}

/// Whether a route is no page: the door's, or that of whoever keeps forms.
pub fn is_door(route: &Route) -> bool {
    matches!(route.rank, FIRST | LAST) || is_keeper(route)
}

#[rocket::async_trait]
impl Handler for Door {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        match check(Site::of(request), request) {
            Ok(()) => Outcome::forward(data, Status::NotFound),
            Err((status, refusal)) => Outcome::Error(refuse(request, status, refusal)),
        }
    }
}

fn check(site: &Site, request: &Request<'_>) -> Result<(), (Status, Refusal)> {
    let saying = |(status, says)| (status, Refusal::saying(says));
    if !ANY_HOST.contains(&request.uri().path().as_str()) {
        check_host(site, request).map_err(saying)?;
    }

    let ChoosesMethod(chooses_method) = request.local_cache(|| ChoosesMethod(false));
    let changes_nothing = matches!(request.method(), Method::Get | Method::Head | Method::Options | Method::Trace);
    if !changes_nothing || *chooses_method {
        check_sender(site, request).map_err(saying)?;
    }
    if *chooses_method {
        let problems = Problems::with("_method", "There is no such field here.");
        return Err((
            Status::UnprocessableEntity,
            Refusal { problems, ..Refusal::saying("Some of this needs another look.") },
        ));
    }
    Ok(())
}

/// Exactly one `Host`, and one of ours: a name that another site's owner points at us is not (DNS rebinding).
fn check_host(site: &Site, request: &Request<'_>) -> Result<(), (Status, &'static str)> {
    let sent = request.headers().get("Host").count();
    // Only a request that was made in this process, by a test, has no peer; it need not name a host.
    if sent == 0 && request.remote().is_none() {
        return Ok(());
    }
    match named_host(request).filter(|_| sent == 1) {
        None => Err((Status::BadRequest, "The request must name one host.")),
        Some(host) if !site.is_host(&host) => {
            Err((Status::MisdirectedRequest, "This site does not answer to that name."))
        }
        Some(_) => Ok(()),
    }
}

pub(super) fn named_host<'r>(request: &'r Request<'_>) -> Option<Host<'r>> {
    request.headers().get_one("Host").and_then(|host| Host::parse(host).ok())
}

/// Whatever changes something must come from a page of ours or from no page at all (ASVS 3.5.1). Browsers say which, and
/// a page cannot make them lie.
fn check_sender(site: &Site, request: &Request<'_>) -> Result<(), (Status, &'static str)> {
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
    match is_ours {
        true => Ok(()),
        false => {
            Metrics::count_cross_site(request);
            Err((
                Status::Forbidden,
                "This came from another site, so nothing was done. Open the page here and try again.",
            ))
        }
    }
}

#[rocket::async_trait]
impl Handler for Nowhere {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        let methods = methods_at(request.rocket(), request);
        if methods.is_empty() {
            return Outcome::Error(Status::NotFound);
        }
        let allow = Some(methods.join(", "));
        Outcome::Error(refuse(request, Status::MethodNotAllowed, Refusal { allow, ..Refusal::default() }))
    }
}

/// The methods that the address of this request has.
fn methods_at(rocket: &Rocket<rocket::Orbit>, request: &Request<'_>) -> Vec<&'static str> {
    let mut methods = BTreeSet::new();
    for route in rocket.routes().filter(|route| !is_door(route) && leads_to(route, request)) {
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
    let route = route.uri.as_str();
    let route: Vec<&str> =
        route.split('?').next().unwrap_or_default().split('/').filter(|part| !part.is_empty()).collect();
    route.len() == asked.len()
        && route.iter().zip(&asked).all(|(route, asked)| route.starts_with('<') || route == asked)
}

/// Notices Rocket's `_method`: by it a form could choose another method than the one that browsers tell us of. Which one
/// was sent cannot be known any more, so the door refuses the form.
pub struct MethodAsSent;

/// Whether the body begins with `_method`.
struct ChoosesMethod(bool);

#[rocket::async_trait]
impl Fairing for MethodAsSent {
    fn info(&self) -> Info {
        Info { name: "the method as it was sent", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        if !request.content_type().is_some_and(|kind| kind.is_form()) {
            return;
        }
        // Exactly as Rocket reads it before this.
        let start = data.peek("_method=delete".len()).await;
        let first = std::str::from_utf8(start).ok().and_then(|start| rocket::form::Form::values(start).next());
        let chooses = first.is_some_and(|field| field.name == "_method");
        request.local_cache(|| ChoosesMethod(chooses));
    }
}
