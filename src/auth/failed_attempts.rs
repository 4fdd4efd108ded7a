//! Failed attempts that are not written yet, for their owners to read of. They are noted here and written by a round, alike
//! for every name: were they written when they happen, whoever writes next would wait for it, and the time would tell
//! whether a name has an account.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rocket::tokio::sync;

use crate::model::UserId;
use crate::store::NewEvent;

/// How many different ones wait at the most.
const MOST_NOTED: usize = 1_000;

#[derive(Default)]
pub struct FailedAttempts {
    noted: Mutex<Noted>,
    writing: sync::Mutex<()>,
}

#[derive(Default)]
struct Noted {
    events: Vec<NewEvent>,
    /// Whether there was any, those under names that nobody has included.
    was_any: bool,
}

impl FailedAttempts {
    /// Notes one; `None` is one under a name that nobody has. False where there is no room for it.
    pub fn note(&self, new: Option<NewEvent>) -> bool {
        let mut noted = self.noted();
        noted.was_any = true;
        let Some(new) = new else { return true };
        if let Some(known) = noted.events.iter_mut().find(|known| is_repeated(known, &new)) {
            known.event.times += new.event.times;
            known.event.at = known.event.at.min(new.event.at);
            known.event.last_at = known.event.last_at.max(new.event.last_at);
            return true;
        }
        let has_room = noted.events.len() < MOST_NOTED;
        if has_room {
            noted.events.push(new);
        }
        has_room
    }

    /// To be held from taking some until they are written, so that nobody looks for them while they are in neither place.
    pub async fn begin_writing(&self) -> sync::MutexGuard<'_, ()> {
        self.writing.lock().await
    }

    /// Everything that was noted: `None` where nothing was, an empty list where all of it was under names that nobody has.
    pub fn take_all(&self) -> Option<Vec<NewEvent>> {
        let all = std::mem::take(&mut *self.noted());
        all.was_any.then_some(all.events)
    }

    /// What was noted of one user; none where nothing was.
    pub fn take_those_of(&self, user_id: UserId) -> Option<Vec<NewEvent>> {
        let events: Vec<_> = self.noted().events.extract_if(.., |event| event.user_id == user_id).collect();
        (!events.is_empty()).then_some(events)
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_repeated(known: &NewEvent, new: &NewEvent) -> bool {
    known.user_id == new.user_id && known.event.kind == new.event.kind && known.event.client == new.event.client
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::model::{ClientInfo, Event, EventId, EventKind, Moment};

    fn somebody() -> UserId {
        UserId::new(Moment::from_millis(0))
    }

    fn failure(user_id: UserId, address: u32, at: i64) -> Option<NewEvent> {
        let client = ClientInfo { address: Some(Ipv4Addr::from_bits(address).into()), user_agent: None };
        let at = Moment::from_millis(at);
        Some(NewEvent { event_id: EventId::new(at), user_id, event: Event::once(at, EventKind::LogInFailed, client) })
    }

    #[test]
    fn a_flood_of_failures_from_many_addresses_fills_no_more_memory_than_it_may() {
        let (ada, noted) = (somebody(), FailedAttempts::default());
        let most = u32::try_from(MOST_NOTED).unwrap();
        assert!((0..most).all(|address| noted.note(failure(ada, address, 1_000))));

        assert!(!noted.note(failure(ada, most, 2_000)), "one more finds no room, and that is said");
        assert!(noted.note(failure(ada, 7, 2_000)), "one that is known is counted all the same");

        let events = noted.take_all().unwrap();
        assert_eq!(events.len(), MOST_NOTED);
        let again = &events[7].event;
        assert_eq!((again.times, again.at.millis(), again.last_at.millis()), (2, 1_000, 2_000));
        assert!(noted.take_all().is_none());
    }

    #[test]
    fn whoever_reads_of_their_own_leaves_those_of_others_and_of_nobody_to_the_round() {
        let (ada, eve, noted) = (somebody(), somebody(), FailedAttempts::default());
        noted.note(None);
        assert!(noted.take_those_of(ada).is_none());
        noted.note(failure(ada, 1, 1_000));
        noted.note(failure(eve, 1, 1_000));

        assert!(noted.take_those_of(ada).is_some_and(|events| events.iter().all(|event| event.user_id == ada)));
        assert!(noted.take_those_of(ada).is_none());
        assert!(noted.take_all().is_some_and(|events| events.len() == 1 && events[0].user_id == eve));
        noted.note(None);
        assert!(noted.take_all().is_some_and(|events| events.is_empty()), "the round writes for nobody too");
    }
}
