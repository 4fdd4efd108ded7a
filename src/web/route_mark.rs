use rocket::{Request, Route};

/// What is particular about an address, said where it is mounted and known to whatever answers it: the name of its route,
/// which Rocket only writes into its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteMark(&'static str);

impl RouteMark {
    /// It has no page: whoever does not ask for one there is a program.
    pub const NO_PAGE: Self = Self("no page");
    /// The address itself opens something, and is told to nobody.
    pub const SECRET_ADDRESS: Self = Self("secret address");

    pub fn on(self, mut routes: Vec<Route>) -> Vec<Route> {
        for route in &mut routes {
            route.name = Some(self.0.into());
        }
        routes
    }

    /// Whether the route of this request has the mark.
    pub(super) fn is_on(self, request: &Request<'_>) -> bool {
        request.route().and_then(|route| route.name.as_deref()) == Some(self.0)
    }
}
