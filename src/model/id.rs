use std::sync::Mutex;

use serde::Serialize;
use uuid::{ContextV7, Timestamp, Uuid};

use super::Moment;

/// Of several made in one millisecond by one process, the later sorts after the earlier (RFC 9562 §6.2, method 1).
static CONTEXT: Mutex<ContextV7> = Mutex::new(ContextV7::new());

fn new_uuid(now: Moment) -> Uuid {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(&CONTEXT, millis / 1_000, (millis % 1_000) as u32 * 1_000_000))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, derive_more::Display)]
        pub struct $name(Uuid);

        impl $name {
            /// A new one, sorted by the moment it was made (UUIDv7, RFC 9562 §5.7).
            pub fn new(now: Moment) -> Self {
                Self(new_uuid(now))
            }

            /// Reads the usual text with hyphens, in lower case; no other spelling is one.
            pub fn parse(text: &str) -> Option<Self> {
                let id = Self(Uuid::try_parse(text).ok()?);
                (id.to_string() == text).then_some(id)
            }
        }
    };
}

id! {
    /// Names a user for ever, whatever they call themselves.
    UserId
}

id! {
    /// Names a session in public: it may be shown, and opens nothing.
    SessionId
}

id! {
    /// Names a browser that is known to a user: it may be shown, and opens nothing.
    BrowserId
}

id! {
    /// Names an event of an account.
    EventId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_7_that_sorts_by_time() {
        let first = UserId::new(Moment::from_millis(1_000));
        let second = UserId::new(Moment::from_millis(2_000));

        assert_eq!(first.0.get_version_num(), 7);
        assert!(first.to_string() < second.to_string());
        assert!(second < UserId::new(Moment::from_millis(2_000)));
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = SessionId::new(Moment::from_millis(1_000)).to_string();

        assert!(SessionId::parse(&id).is_some());
        for other in
            [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), format!("urn:uuid:{id}"), String::new()]
        {
            assert!(SessionId::parse(&other).is_none(), "{other}");
        }
    }
}
