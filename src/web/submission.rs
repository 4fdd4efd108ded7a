//! What was submitted: one way in for forms and for JSON, read strictly into the same fields, so that both get the same
//! verdict.

use percent_encoding::percent_decode;
use rocket::Request;
use rocket::data::{self, Data, FromData, ToByteUnit};
use rocket::futures::FutureExt;
use rocket::http::{ContentType, Status};
use rocket::outcome::Outcome;
use rocket::tokio::select;
use rocket::tokio::time::{Duration, sleep, timeout};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_with::{FromInto, Map, serde_as};
use zeroize::Zeroizing;

use super::fields::{Value, read_fields};
use super::{Error, Problems};

/// The most that a form or JSON may hold, in KiB.
pub const MOST_KIB: u32 = 8;
/// How long the sender of a body may take. Rocket itself waits for ever.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what was being sent may take to arrive when the program is asked to stop.
pub(super) const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// A form or JSON that was sent and could be read. Its fields are those of a struct, each once and nothing else; one that
/// was not sent is empty. A field that is unknown, repeated, of another kind or not readable is refused with 422; anything
/// that is no form and no JSON object with 400, 413 or 415.
pub struct Submission<T>(pub T);

#[rocket::async_trait]
impl<'r, T: DeserializeOwned + Send> FromData<'r> for Submission<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        match read(request, data).await {
            Ok(form) => Outcome::Success(Self(form)),
            Err(error) => Outcome::Error((error.note(request), ())),
        }
    }
}

async fn read<T: DeserializeOwned>(request: &Request<'_>, data: Data<'_>) -> Result<T, Error> {
    let body = read_body(request, data).await?;
    let sent = match kind(request) {
        Kind::Form => form_values(&body),
        Kind::Json => json_values(&body)?,
        // A program that logs in by HTTP Basic has nothing more to say.
        Kind::None if body.is_empty() && request.headers().contains("Authorization") => Vec::new(),
        Kind::None | Kind::Other => {
            let says = "Send a form (application/x-www-form-urlencoded) or JSON (application/json), in UTF-8.";
            return Err(Error::saying(Status::UnsupportedMediaType, says));
        }
    };
    let mut problems = Problems::default();
    match read_fields(sent, &mut problems) {
        Ok(form) if problems.is_empty() => Ok(form),
        _ => Err(Error::fields(problems)),
    }
}

async fn read_body(request: &Request<'_>, data: Data<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let body = select! {
        body = data.open(MOST_KIB.kibibytes()).into_bytes() => Some(body),
        () = patience(request) => None,
    };
    match body {
        Some(Ok(body)) if body.is_complete() => Ok(Zeroizing::new(body.into_inner())),
        Some(Ok(_)) => Err(Error::saying(Status::PayloadTooLarge, format!("Send at most {MOST_KIB} KiB."))),
        Some(Err(_)) => Err(Error::saying(Status::BadRequest, "What you sent ended too early.")),
        None => Err(Error::saying(Status::RequestTimeout, "What you sent took too long to arrive.")),
    }
}

/// Is over when a body may take no longer to arrive.
async fn patience(request: &Request<'_>) {
    let _ = timeout(PATIENCE, request.rocket().shutdown().then(|()| sleep(LAST_PATIENCE))).await;
}

enum Kind {
    Form,
    Json,
    Other,
    None,
}

/// What the body says it is. JSON must say so exactly: `text/plain` is what another site's form could send (ASVS 3.5.2).
fn kind(request: &Request<'_>) -> Kind {
    if request.headers().get("Content-Type").count() > 1 {
        return Kind::Other;
    }
    let Some(kind) = request.content_type() else {
        return if request.headers().contains("Content-Type") { Kind::Other } else { Kind::None };
    };
    let is_utf8 = kind.params().all(|(name, value)| name != "charset" || value.eq_ignore_ascii_case("utf-8"));
    match kind {
        _ if !is_utf8 => Kind::Other,
        kind if kind.is_form() => Kind::Form,
        kind if kind.media_type() == ContentType::JSON.media_type() || kind.is_json() => Kind::Json,
        _ => Kind::Other,
    }
}

/// Takes a form apart as browsers write it (WHATWG URL §5.1), but without guessing at bytes that are no UTF-8: Rocket's own
/// forms would turn them into U+FFFD.
fn form_values(body: &[u8]) -> Vec<(String, Value)> {
    let decode = |bytes: &[u8]| -> Option<Zeroizing<String>> {
        let spaced: Zeroizing<Vec<u8>> =
            Zeroizing::new(bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect());
        Some(Zeroizing::new(percent_decode(&spaced).decode_utf8().ok()?.into_owned()))
    };
    let value = |pair: &[u8]| {
        let at = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
        let name = decode(name).map_or_else(|| char::REPLACEMENT_CHARACTER.to_string(), |name| name.to_string());
        (name, decode(value).map_or(Value::Unreadable, Value::Text))
    };
    body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(value).collect()
}

/// The members of a JSON object, repeated ones too. Each is wiped in the end, also when what comes after it cannot be read.
fn json_values(body: &[u8]) -> Result<Vec<(String, Value)>, Error> {
    #[serde_as]
    #[derive(serde::Deserialize)]
    struct Members(#[serde_as(as = "Map<_, FromInto<serde_json::Value>>")] Vec<(String, Value)>);

    let Members(members) = serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => Error::saying(Status::UnprocessableEntity, "Send a JSON object, like {\"name\": \"value\"}."),
        _ => Error::saying(Status::BadRequest, "This is not valid JSON."),
    })?;
    Ok(members)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde::Deserialize;
    use url::form_urlencoded;

    use super::*;
    use crate::web::{NextPath, next_field};

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Fields {
        username: String,
        password: Zeroizing<String>,
        remember: bool,
        #[serde(deserialize_with = "next_field")]
        next: Option<NextPath>,
    }

    const LIKE_JSON: &str = "[{}\\[\\]\",:0-9a-z\\\\ ]{0,60}|\\[{0,300}|\
        (\\{\"[a-c]\":(\"\\\\\\\\?u[0-9a-f]{4}\"|-?[0-9.e+]{1,5}|true)\\}?){1,2}";

    /// What was read, and what is wrong with it.
    fn verdict(sent: Vec<(String, Value)>) -> (Option<Fields>, String) {
        let mut problems = Problems::default();
        let fields = read_fields(sent, &mut problems).ok();
        (fields, serde_json::to_string(&problems).unwrap())
    }

    /// Any, and those of texts like this.
    fn bytes(like: &'static str) -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![1 => vec(any::<u8>(), 0..200), 2 => like.prop_map(String::into_bytes)]
    }

    fn contents() -> impl Strategy<Value = Vec<(String, String)>> {
        let names = prop_oneof![4 => "username|password|remember|next", 1 => any::<String>()];
        let values =
            prop_oneof![4 => any::<String>(), 1 => "true|false|on|/profile", 1 => "[&=%+;\r\n\0\u{FFFD}\"\\\\]{0,20}"];
        vec((names, values), 0..6)
    }

    proptest! {
        #[test]
        fn a_form_and_json_with_the_same_content_are_the_same_submission(contents in contents()) {
            let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&contents).finish();
            let text = |text: &str| serde_json::to_string(text).unwrap();
            let members: Vec<String> =
                contents.iter().map(|(name, value)| format!("{}:{}", text(name), text(value))).collect();
            let json = format!("{{{}}}", members.join(","));

            let as_json = json_values(json.as_bytes()).map_err(|_| TestCaseError::fail("it is JSON"))?;
            prop_assert_eq!(verdict(form_values(form.as_bytes())), verdict(as_json));
        }

        /// The url crate takes forms apart as browsers write them, and turns bytes that are no UTF-8 into U+FFFD.
        #[test]
        fn of_any_bytes_as_a_form_what_is_read_is_what_a_browser_wrote(
            body in bytes("([a-c=&%+]|%[0-9a-fA-F]{2}|%[c-f][0-9a-f]%[89ab][0-9a-f]){0,40}"),
        ) {
            let pairs = form_values(&body);
            let written: Vec<_> = form_urlencoded::parse(&body).collect();
            prop_assert_eq!(pairs.len(), written.len());
            for ((name, value), (written_name, written_value)) in pairs.iter().zip(&written) {
                let is_read = name == written_name || (name == "\u{FFFD}" && written_name.contains(name.as_str()));
                prop_assert!(is_read, "{:?} is no {:?}", name, written_name);
                match value {
                    Value::Text(text) => prop_assert_eq!(text.as_str(), written_value),
                    _ => prop_assert!(written_value.contains('\u{FFFD}'), "{:?} can be read", written_value),
                }
            }
        }

        #[test]
        fn of_any_bytes_as_json_only_a_whole_object_is_read(
            body in bytes(LIKE_JSON),
        ) {
            let is_object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&body).is_ok();
            prop_assert_eq!(json_values(&body).is_ok(), is_object);
        }
    }
}
