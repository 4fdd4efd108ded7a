use rocket::Request;
use rocket::http::Status;
use rocket::outcome::IntoOutcome;
use rocket::request::{self, FromRequest};

use super::Site;
use super::client_info::is_forwarded;
use super::request_filter::named_host;

/// Whoever may read the metrics: who has the token, or asks on this machine. For anybody else there is nothing here (404).
pub struct Scraper;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Scraper {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        (has_token(request) || is_on_this_machine(request)).then_some(Self).or_error((Status::NotFound, ()))
    }
}

fn has_token(request: &Request<'_>) -> bool {
    let sent = request.headers().get_one("Authorization").and_then(|header| header.strip_prefix("Bearer "));
    let token = &Site::of(request).metrics_token;
    token.as_ref().zip(sent).is_some_and(|(token, sent)| token.is(sent))
}

/// Behind a proxy on this machine every request comes from this machine. So it counts as asked here only where nothing
/// says that it was forwarded, where the name that was asked for is this machine's own, and where the site knows its
/// proxies, if people come to it through any: an unknown one may say nothing of whom it forwards.
fn is_on_this_machine(request: &Request<'_>) -> bool {
    let site = Site::of(request);
    let knows_its_proxies = !site.is_https() || !site.trusted_proxies.is_empty();
    let is_own_name = named_host(request).is_some_and(|host| site.is_own_name(&host));
    let is_here = request.remote().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    is_here && is_own_name && knows_its_proxies && !is_forwarded(request)
}
