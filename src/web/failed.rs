use std::time::Duration;

use rocket::Request;
use rocket::http::Status;
use rocket::response::{self, Responder};

use super::{Refusal, RequestId, refuse};
use crate::auth::Failure;

/// When to come back after a 503: the queue of passwords and the patience with a locked database are about as long.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Something that is allowed and could not be done: logged once, here, where it becomes a status.
pub struct Failed(pub Failure);

impl Failed {
    /// Logs it and says which status it is; the catcher draws the answer.
    pub fn status(&self, request: &Request<'_>) -> Status {
        let (status, says) = match &self.0 {
            Failure::TooMany(too_many) => return refuse(request, Status::TooManyRequests, too_many.clone().into()),
            Failure::Busy => {
                (Status::ServiceUnavailable, "Many people are signing in right now. Please try again in a moment.")
            }
            Failure::Away(_) => (
                Status::ServiceUnavailable,
                "We cannot reach our records right now. Nothing was changed. Please try again in a moment.",
            ),
            Failure::Unexpected(_) | Failure::NoRandomness => {
                (Status::InternalServerError, "Something went wrong on our side. Nothing was changed.")
            }
        };
        tracing::error!(
            error = %self.0,
            status = status.code,
            request_id = %RequestId::of(request),
            method = %request.method(),
            route = request.route().map(|route| route.uri.to_string()),
            "a request failed"
        );
        let retry_after = (status == Status::ServiceUnavailable).then_some(RETRY_AFTER);
        refuse(request, status, Refusal { retry_after, ..Refusal::saying(says) })
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl<'r> Responder<'r, 'static> for Failed {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Err(self.status(request))
    }
}
