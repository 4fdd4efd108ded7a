use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use rocket::Request;
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};

/// Whether the program has been asked to stop, and only answers what had begun.
pub struct Stopping(pub bool);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Stopping {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        // Rocket tells it to those who wait for it alone; looked at once, the waiting is over or it is not.
        let shutdown = pin!(request.rocket().shutdown());
        Outcome::Success(Self(shutdown.poll(&mut Context::from_waker(Waker::noop())).is_ready()))
    }
}
