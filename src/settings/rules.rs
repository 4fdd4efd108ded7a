//! What the written settings ask of users and allow them.

use std::thread::available_parallelism;
use std::time::Duration;

use super::bad_setting::{BadSetting, bad, within};
use super::public_url::PublicUrl;
use super::written::{SignUp, Written};
use crate::auth::{HashingRules, Rules};
use crate::model::{PasswordRules, SessionLimits};

/// OWASP's equal choices for Argon2id with one lane: memory in KiB, and passes. Less is refused.
pub const HASHING_FLOORS: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];
/// So much a thread, and a machine of ordinary size still has some left.
const MOST_MEMORY_KIB: u32 = 262_144;

pub(super) fn rules(written: &Written, public_url: &PublicUrl) -> Result<Rules, BadSetting> {
    within("password_min_length", written.password_min_length as u64, 8, 64)?;
    within("session_recheck_ms", written.session_recheck_ms, 0, 10_000)?;
    Ok(Rules {
        passwords: PasswordRules { min_length: written.password_min_length, site_words: site_words(public_url) },
        hashing: hashing(written)?,
        sessions: sessions(written)?,
        session_recheck: Duration::from_millis(written.session_recheck_ms),
        sign_up_is_open: written.sign_up == SignUp::Open,
        throttle: written.throttle,
    })
}

/// The host's name, and its parts but the last: of `login.example.org` also `login` and `example`.
fn site_words(public_url: &PublicUrl) -> Vec<String> {
    let hostname = public_url.host.rsplit_once(':').map_or(public_url.host.as_str(), |(name, _)| name);
    let parts = hostname.rsplit('.').skip(1).filter(|part| part.len() > 2);
    ["vestibule", hostname].into_iter().chain(parts).map(str::to_owned).collect()
}

fn sessions(written: &Written) -> Result<SessionLimits, BadSetting> {
    within("session_idle_minutes", written.session_idle_minutes, 1, 24 * 60)?;
    within("session_hours", written.session_hours, 1, 24 * 30)?;
    within("remember_days", written.remember_days, 1, 400)?;
    Ok(SessionLimits {
        idle: Duration::from_secs(written.session_idle_minutes * 60),
        absolute: Duration::from_secs(written.session_hours * 3_600),
        remembered: Duration::from_secs(written.remember_days * 24 * 3_600),
    })
}

fn hashing(written: &Written) -> Result<HashingRules, BadSetting> {
    let (memory_kib, passes) = (written.hash_memory_kib, written.hash_passes);
    within("hash_passes", passes.into(), 1, 10)?;
    if memory_kib > MOST_MEMORY_KIB {
        return Err(bad("`hash_memory_kib` may be at most 262144 (256 MiB a thread)."));
    }
    if !HASHING_FLOORS.iter().any(|floor| memory_kib >= floor.0 && passes >= floor.1) {
        return Err(bad(format!(
            "`hash_memory_kib` = {memory_kib} with `hash_passes` = {passes} is weaker than OWASP's floor for Argon2id. \
             Use at least 19456 with 2 passes, 47104 with 1, 12288 with 3, 9216 with 4 or 7168 with 5."
        )));
    }
    let cores = || available_parallelism().map_or(1, usize::from);
    let threads = written.hash_threads.unwrap_or_else(cores);
    within("hash_threads", threads as u64, 1, 256)?;
    if let Some(queue) = written.hash_queue {
        within("hash_queue", queue as u64, 1, 100_000)?;
    }
    Ok(HashingRules { memory_kib, passes, threads, queue: written.hash_queue })
}
