use std::fmt;

use data_encoding::HEXLOWER;
use rocket::Request;

use crate::model::random_bytes;

/// Names one request in our answer and in our log, so that a person can point us at it.
#[derive(Clone, Debug)]
pub struct RequestId(String);

impl RequestId {
    /// The name of this request.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self(HEXLOWER.encode(&random_bytes::<8>().unwrap_or_default())))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
