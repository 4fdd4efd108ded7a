//! One way in for forms and for JSON: read strictly, into the same fields, so that both get the same verdict.

use std::fmt;

use percent_encoding::percent_decode;
use rocket::Request;
use rocket::data::{self, Data, FromData, ToByteUnit};
use rocket::http::{ContentType, Status};
use rocket::outcome::Outcome;
use rocket::tokio::time::{Duration, timeout};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::{Problems, Refusal, refuse};

/// The most that a form or JSON may hold, in KiB.
pub const MOST_KIB: u32 = 8;
/// How long the sender of a body may take. Rocket itself waits for ever.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many problems are told at the most.
const MOST_PROBLEMS: usize = 10;

/// What a page takes: its fields by name, each once, and nothing else.
pub trait Form: Sized {
    /// Every field there is.
    const FIELDS: &'static [&'static str];

    /// Takes the fields; one that was not sent is empty.
    fn read(fields: &mut Fields) -> Self;
}

/// A form or JSON that was sent and could be read. A field that is unknown, repeated, of another kind or not readable is
/// refused with 422; anything that is no form and no JSON object with 400, 413 or 415.
pub struct Sent<T>(pub T);

/// What was sent, by name.
#[derive(Default)]
pub struct Fields {
    given: Vec<(String, Given)>,
    problems: Problems,
}

enum Given {
    Text(Zeroizing<String>),
    Bool(bool),
    /// Bytes that are no UTF-8, which Rocket's own forms would turn into U+FFFD.
    Unreadable,
    /// A number, null, list or object.
    Other(&'static str),
}

impl Fields {
    /// Takes a text; empty when it was not sent.
    pub fn text(&mut self, name: &'static str) -> Zeroizing<String> {
        match self.take(name) {
            None => Zeroizing::default(),
            Some(Given::Text(text)) => text,
            Some(Given::Bool(_)) => self.refuse_kind(name, "text", "true or false"),
            Some(Given::Other(kind)) => self.refuse_kind(name, "text", kind),
            Some(Given::Unreadable) => {
                self.problems.add(name, "Some characters could not be read. Type it again.");
                Zeroizing::default()
            }
        }
    }

    /// Takes a tick: `true` or `false`, as JSON or in letters; a browser's ticked box says `on` where nothing else is
    /// written on it.
    pub fn tick(&mut self, name: &'static str) -> bool {
        match self.take(name) {
            None => false,
            Some(Given::Bool(ticked)) => ticked,
            Some(Given::Text(text)) if matches!(text.as_str(), "true" | "on") => true,
            Some(Given::Text(text)) if text.as_str() == "false" => false,
            Some(Given::Text(_) | Given::Unreadable) => self.refuse_kind(name, "true or false", "other text"),
            Some(Given::Other(kind)) => self.refuse_kind(name, "true or false", kind),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Given> {
        let at = self.given.iter().position(|(given, _)| given == name)?;
        Some(self.given.remove(at).1)
    }

    fn refuse_kind<T: Default>(&mut self, name: &'static str, wanted: &str, got: &str) -> T {
        self.problems.add(name, format_args!("Send {wanted} here, not {got}."));
        T::default()
    }

    /// Whatever is left was not asked for.
    fn refuse_the_rest(&mut self, known: &[&str]) {
        for (name, _) in self.given.drain(..).take(MOST_PROBLEMS) {
            let is_repeated = known.contains(&name.as_str());
            let name: String = name.chars().take(64).collect();
            match is_repeated {
                true => self.problems.add(name, "This was sent more than once."),
                false => self.problems.add(name, "There is no such field here."),
            }
        }
    }
}

#[rocket::async_trait]
impl<'r, T: Form> FromData<'r> for Sent<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        let no = |status: Status, refusal: Refusal| Outcome::Error((refuse(request, status, refusal), ()));

        let reading = timeout(PATIENCE, data.open(MOST_KIB.kibibytes()).into_bytes()).await;
        let body = match reading {
            Ok(Ok(body)) if body.is_complete() => Zeroizing::new(body.into_inner()),
            Ok(Ok(_)) => {
                let says = format!("Send at most {MOST_KIB} KiB.");
                return no(Status::PayloadTooLarge, Refusal::saying(says));
            }
            Ok(Err(_)) => return no(Status::BadRequest, Refusal::saying("What you sent ended too early.")),
            Err(_) => return no(Status::RequestTimeout, Refusal::saying("What you sent took too long to arrive.")),
        };
        let read = match kind(request) {
            Kind::Form => Ok(read_form(&body)),
            Kind::Json => read_json(&body),
            // A program that signs in by HTTP Basic has nothing more to say.
            Kind::None if body.is_empty() && request.headers().contains("Authorization") => Ok(Fields::default()),
            Kind::None | Kind::Other => {
                let says = "Send a form (application/x-www-form-urlencoded) or JSON (application/json), in UTF-8.";
                return no(Status::UnsupportedMediaType, Refusal::saying(says));
            }
        };
        let mut fields = match read {
            Ok(fields) => fields,
            Err(NotAnObject::Kind(says)) => return no(Status::UnprocessableEntity, Refusal::saying(says)),
            Err(NotAnObject::Syntax) => return no(Status::BadRequest, Refusal::saying("This is not valid JSON.")),
        };

        let form = T::read(&mut fields);
        fields.refuse_the_rest(T::FIELDS);
        match fields.problems.is_empty() {
            true => Outcome::Success(Self(form)),
            false => {
                let refusal =
                    Refusal { problems: fields.problems, ..Refusal::saying("Some of this needs another look.") };
                no(Status::UnprocessableEntity, refusal)
            }
        }
    }
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

/// Takes a form apart as browsers write it (WHATWG URL §5.1), but without guessing at bytes that are no UTF-8: such a
/// value is none.
fn read_pairs(body: &[u8]) -> impl Iterator<Item = (String, Option<Zeroizing<String>>)> {
    let decode = |bytes: &[u8]| -> Option<Zeroizing<String>> {
        let spaced: Zeroizing<Vec<u8>> =
            Zeroizing::new(bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect());
        let decoded = percent_decode(&spaced).decode_utf8().ok()?;
        Some(Zeroizing::new(decoded.into_owned()))
    };
    body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let at = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
        let name = decode(name).map_or_else(|| char::REPLACEMENT_CHARACTER.to_string(), |name| name.to_string());
        (name, decode(value))
    })
}

fn read_form(body: &[u8]) -> Fields {
    let given = read_pairs(body).map(|(name, value)| (name, value.map_or(Given::Unreadable, Given::Text))).collect();
    Fields { given, problems: Problems::default() }
}

/// The readable fields of a form.
pub(super) fn form_pairs(body: &[u8]) -> Vec<(String, String)> {
    read_pairs(body).filter_map(|(name, value)| Some((name, value?.to_string()))).collect()
}

enum NotAnObject {
    Syntax,
    Kind(&'static str),
}

fn read_json(body: &[u8]) -> Result<Fields, NotAnObject> {
    let given: FieldsOf = serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => NotAnObject::Kind("Send a JSON object, like {\"name\": \"value\"}."),
        _ => NotAnObject::Syntax,
    })?;
    Ok(Fields { given: given.0, problems: Problems::default() })
}

/// A JSON object with every member it has, repeated ones too.
struct FieldsOf(Vec<(String, Given)>);

impl<'de> Deserialize<'de> for FieldsOf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = FieldsOf;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldsOf, A::Error> {
                let mut given = Vec::new();
                while let Some(member) = map.next_entry()? {
                    given.push(member);
                }
                Ok(FieldsOf(given))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;

        impl<'de> Visitor<'de> for Value {
            type Value = Given;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Given, E> {
                Ok(Given::Text(Zeroizing::new(text.to_owned())))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Given, E> {
                Ok(Given::Bool(value))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Given, E> {
                Ok(Given::Other("a number"))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Given, E> {
                Ok(Given::Other("a number"))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Given, E> {
                Ok(Given::Other("a number"))
            }

            fn visit_unit<E>(self) -> Result<Given, E> {
                Ok(Given::Other("null"))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Given::Other("a list"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Given::Other("an object"))
            }
        }

        deserializer.deserialize_any(Value)
    }
}
