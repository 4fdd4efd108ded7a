use rocket::Request;
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};

use crate::model::Visit;

/// The longest `User-Agent` that is kept, in characters.
const LONGEST_USER_AGENT: usize = 256;

/// Where a request comes from, as far as it can be known.
pub struct Client(pub Visit);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Client {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        let user_agent = request
            .headers()
            .get_one("User-Agent")
            .map(|text| text.chars().filter(|c| !c.is_control()).take(LONGEST_USER_AGENT).collect::<String>());
        Outcome::Success(Self(Visit {
            user_agent: user_agent.filter(|text| !text.trim().is_empty()),
            address: request.remote().map(|peer| peer.ip().to_canonical()),
        }))
    }
}
