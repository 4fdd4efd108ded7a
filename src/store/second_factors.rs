use sqlx::{query, query_as, query_scalar};

use super::events::{NewEvent, insert_event};
use super::known_browsers::forget_browsers;
use super::sessions::hold_session;
use super::timings::reading;
use super::{Result, Statement, Store};
use crate::model::{EventKind, Moment, RecoveryCodeHash, SessionId, UserId};

#[derive(Debug)]
pub struct SecondFactor {
    pub sealed_secret: String,
    pub created_at: Moment,
    /// When its owner showed that they have it; until then it asks for nothing.
    pub confirmed_at: Option<Moment>,
}

impl Store {
    pub async fn second_factor(&self, user_id: UserId) -> Result<Option<SecondFactor>> {
        const SQL: &str = "SELECT secret, created_at, confirmed_at FROM second_factors WHERE user_id = $1";

        let second_factor = query_as(SQL).bind(user_id.to_string());
        let row: Option<(String, i64, Option<i64>)> = reading(second_factor.fetch_optional(&self.readers)).await?;
        Ok(row.map(|(sealed_secret, created_at, confirmed_at)| SecondFactor {
            sealed_secret,
            created_at: Moment::from_millis(created_at),
            confirmed_at: confirmed_at.map(Moment::from_millis),
        }))
    }

    /// Begins a second factor, in the place of one that was begun. False when there is a confirmed one.
    pub async fn begin_second_factor(&self, user_id: UserId, sealed_secret: &str, now: Moment) -> Result<bool> {
        const SQL: &str = "
            INSERT INTO second_factors (user_id, secret, created_at, confirmed_at, last_step, burnt_step)
            SELECT user_id, $1, $2, NULL, 0, 0 FROM users WHERE user_id = $3
            ON CONFLICT (user_id) DO UPDATE SET secret = $1, created_at = $2, last_step = 0, burnt_step = 0
            WHERE second_factors.confirmed_at IS NULL";

        let begin = query(SQL).bind(sealed_secret).bind(now.millis()).bind(user_id.to_string());
        Ok(self.write(begin).await? == 1)
    }

    /// Uses the code of a step: false when that step or a later one was used or burnt before.
    pub async fn use_step(&self, user_id: UserId, step: i64) -> Result<bool> {
        const SQL: &str = "
            UPDATE second_factors SET last_step = $1 WHERE user_id = $2 AND last_step < $1 AND burnt_step < $1";

        Ok(self.write(query(SQL).bind(step).bind(user_id.to_string())).await? == 1)
    }

    /// Takes the worth from the codes up to a step to come, whose code has been typed too early.
    pub async fn burn_step(&self, user_id: UserId, step: i64) -> Result<()> {
        const SQL: &str = "UPDATE second_factors SET burnt_step = $1 WHERE user_id = $2 AND burnt_step < $1";

        self.write(query(SQL).bind(step).bind(user_id.to_string())).await?;
        Ok(())
    }

    /// Seals a secret anew, unless it is another one by now.
    pub async fn reseal_second_factor(&self, user_id: UserId, old: &str, new: &str) -> Result<()> {
        const SQL: &str = "UPDATE second_factors SET secret = $1 WHERE user_id = $2 AND secret = $3";

        self.write(query(SQL).bind(new).bind(user_id.to_string()).bind(old)).await?;
        Ok(())
    }

    /// Asks for the second factor from now on, and keeps the recovery codes; other sessions are told, and browsers that the
    /// password alone made known are known no more. False when there is nothing to confirm, another secret was begun
    /// meanwhile, or the step was used before.
    pub async fn confirm_second_factor(
        &self,
        sealed_secret: &str,
        step: i64,
        codes: &[RecoveryCodeHash],
        this_session: SessionId,
        event: &NewEvent,
    ) -> Result<bool> {
        const SQL: &str = "
            UPDATE second_factors SET confirmed_at = $1, last_step = $2
            WHERE user_id = $3 AND secret = $4 AND confirmed_at IS NULL AND last_step < $2";

        let confirm =
            query(SQL).bind(event.event.at.millis()).bind(step).bind(event.user_id.to_string()).bind(sealed_secret);
        self.change_second_factor(confirm, codes, this_session, event).await
    }

    /// Asks for no second factor any more, and drops the recovery codes; other sessions are told. False when there was none.
    pub async fn end_second_factor(&self, this_session: SessionId, event: &NewEvent) -> Result<bool> {
        const SQL: &str = "DELETE FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL";

        let end = query(SQL).bind(event.user_id.to_string());
        self.change_second_factor(end, &[], this_session, event).await
    }

    /// Puts new recovery codes in the place of the old ones; other sessions are told. False when no second factor is asked
    /// for.
    pub async fn replace_recovery_codes(
        &self,
        codes: &[RecoveryCodeHash],
        this_session: SessionId,
        event: &NewEvent,
    ) -> Result<bool> {
        // Touches the row, so that turning it off at the same time waits for this or comes first.
        const SQL: &str = "
            UPDATE second_factors SET last_step = last_step WHERE user_id = $1 AND confirmed_at IS NOT NULL";

        let touch = query(SQL).bind(event.user_id.to_string());
        self.change_second_factor(touch, codes, this_session, event).await
    }

    /// Changes the second factor of the user whom an event happens to, if the session that asks is still there. These codes
    /// take the place of the old ones, other sessions are told, and the event is kept: all of it, or nothing when the
    /// statement changes nothing.
    async fn change_second_factor(
        &self,
        change: Statement<'_>,
        codes: &[RecoveryCodeHash],
        this_session: SessionId,
        event: &NewEvent,
    ) -> Result<bool> {
        const DROP: &str = "DELETE FROM recovery_codes WHERE user_id = $1";
        const KEEP: &str = "INSERT INTO recovery_codes (code_hash, user_id) VALUES ($1, $2)";
        const TELL: &str = "UPDATE sessions SET notice = $1 WHERE user_id = $2 AND session_id <> $3";

        let mut tx = self.begin().await?;
        if !hold_session(&mut tx, event.user_id, this_session).await? || tx.execute(change).await? == 0 {
            return Ok(false);
        }
        let user_id = event.user_id.to_string();
        tx.execute(query(DROP).bind(&user_id)).await?;
        for code in codes {
            tx.execute(query(KEEP).bind(code.to_text()).bind(&user_id)).await?;
        }
        if event.event.kind == EventKind::TwoFactorOn {
            forget_browsers(&mut tx, event.user_id).await?;
        }
        tx.execute(query(TELL).bind(event.event.kind.name()).bind(&user_id).bind(this_session.to_string())).await?;
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Uses a recovery code up. False when it is none of this user's, or was used before.
    pub async fn use_recovery_code(&self, code: &RecoveryCodeHash, event: &NewEvent) -> Result<bool> {
        const SQL: &str = "DELETE FROM recovery_codes WHERE code_hash = $1 AND user_id = $2";

        let use_up = query(SQL).bind(code.to_text()).bind(event.user_id.to_string());
        self.write_with_event(use_up, event).await
    }

    pub async fn count_recovery_codes(&self, user_id: UserId) -> Result<i64> {
        const SQL: &str = "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1";

        reading(query_scalar(SQL).bind(user_id.to_string()).fetch_one(&self.readers)).await
    }
}
