use data_encoding::BASE64;
use rocket::Request;
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use zeroize::Zeroizing;

/// A name and a password sent by HTTP Basic (RFC 7617, in UTF-8), if any were. From a header that cannot be read, or of
/// several, they are empty, as nobody's are.
pub struct Basic(pub Option<(String, Zeroizing<String>)>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Basic {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        let mut sent = request.headers().get("Authorization");
        let first = sent.next();
        let is_only = sent.next().is_none();
        Outcome::Success(Self(first.map(|header| read(header).filter(|_| is_only).unwrap_or_default())))
    }
}

fn read(header: &str) -> Option<(String, Zeroizing<String>)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(encoded.trim_matches(' ').as_bytes()).ok()?;
    let decoded = Zeroizing::new(decoded);
    let text = std::str::from_utf8(&decoded).ok()?;
    let (username, password) = text.split_once(':')?;
    Some((username.to_owned(), Zeroizing::new(password.to_owned())))
}
