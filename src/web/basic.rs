use data_encoding::BASE64;
use rocket::Request;
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use zeroize::Zeroizing;

/// A name and a password sent by HTTP Basic (RFC 7617, in UTF-8), if any were.
pub struct Basic(pub Option<Result<(String, Zeroizing<String>), Unreadable>>);

/// There is an `Authorization` header, and it is not HTTP Basic in UTF-8.
#[derive(Debug)]
pub struct Unreadable;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Basic {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        let mut sent = request.headers().get("Authorization");
        let first = sent.next();
        let is_only = sent.next().is_none();
        Outcome::Success(Self(first.map(|header| if is_only { read(header) } else { Err(Unreadable) })))
    }
}

fn read(header: &str) -> Result<(String, Zeroizing<String>), Unreadable> {
    let (scheme, encoded) = header.split_once(' ').ok_or(Unreadable)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Unreadable);
    }
    let decoded = BASE64.decode(encoded.trim_matches(' ').as_bytes()).map_err(|_| Unreadable)?;
    let decoded = Zeroizing::new(decoded);
    let text = std::str::from_utf8(&decoded).map_err(|_| Unreadable)?;
    let (username, password) = text.split_once(':').ok_or(Unreadable)?;
    Ok((username.to_owned(), Zeroizing::new(password.to_owned())))
}
