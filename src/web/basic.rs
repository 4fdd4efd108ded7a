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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_name_without_a_colon_and_every_password_is_read_as_it_was_sent(
            username in "[^:]{0,40}",
            password: String,
            scheme in "[Bb][Aa][Ss][Ii][Cc] {1,3}",
        ) {
            let header = format!("{scheme}{}", BASE64.encode(format!("{username}:{password}").as_bytes()));
            prop_assert_eq!(read(&header), Some((username, Zeroizing::new(password))));
        }

        #[test]
        fn no_header_is_read_as_another_one_was_meant(
            header in prop_oneof![any::<String>(), "Basic [A-Za-z0-9+/=]{0,40}", "[Bb]asic[ \\t]?[ -~]{0,40}"],
        ) {
            if let Some((username, password)) = read(&header) {
                let sent = BASE64.encode(format!("{username}:{}", *password).as_bytes());
                prop_assert!(!username.contains(':') && header.trim_end_matches(' ').ends_with(&sent), "{:?}", header);
            }
        }
    }
}
