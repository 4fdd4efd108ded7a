use rocket::{Request, Route};

/// What is particular about an address, said where it is mounted and known to whatever answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteMark {
    /// It has no page: whoever does not ask for one there is a program.
    NoPage,
    /// The address itself opens something, and is told to nobody.
    SecretAddress,
}

impl RouteMark {
    /// What a route of ours carries for it: its name, which Rocket only writes into its log.
    fn name(self) -> &'static str {
        match self {
            Self::NoPage => "no page",
            Self::SecretAddress => "secret address",
        }
    }

    pub fn on(self, mut routes: Vec<Route>) -> Vec<Route> {
        for route in &mut routes {
            route.name = Some(self.name().into());
        }
        routes
    }

    /// Whether the route of this request has the mark.
    pub(super) fn is_on(self, request: &Request<'_>) -> bool {
        request.route().and_then(|route| route.name.as_deref()) == Some(self.name())
    }
}
