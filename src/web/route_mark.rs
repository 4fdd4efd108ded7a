use rocket::Request;
use rocket::data::Data;
use rocket::route::{Handler, Outcome, Route};

/// What is particular about an address, said where it is mounted and known to whatever answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteMark {
    /// It has no page: whoever does not ask for one there is a program.
    NoPage,
    /// The address itself opens something, and is told to nobody.
    SecretAddress,
}

impl RouteMark {
    pub fn on(self, mut routes: Vec<Route>) -> Vec<Route> {
        for route in &mut routes {
            route.handler = Box::new(Marked(self, route.handler.clone()));
        }
        routes
    }

    /// Whether the route of this request has the mark.
    pub(super) fn is_on(self, request: &Request<'_>) -> bool {
        *request.local_cache(|| None) == Some(self)
    }
}

#[derive(Clone)]
struct Marked(RouteMark, Box<dyn Handler>);

#[rocket::async_trait]
impl Handler for Marked {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        request.local_cache(|| Some(self.0));
        self.1.handle(request, data).await
    }
}
