use super::events::insert_event;
use super::sessions::is_still_there;
use super::{NewEvent, Result, Store};
use crate::model::{EventKind, Moment, RecoveryCodeHash, SessionId, UserId};

/// A second factor, as it is kept.
#[derive(Debug)]
pub struct SecondFactor {
    /// The secret, sealed.
    pub sealed_secret: String,
    /// When it was begun.
    pub created_at: Moment,
    /// When its owner showed that they have it; until then it asks for nothing.
    pub confirmed_at: Option<Moment>,
}

/// Puts these recovery codes in the place of a user's old ones, in the transaction at hand.
macro_rules! replace_codes {
    ($tx:ident, $user_id:expr, $codes:expr) => {{
        const DROP: &str = "DELETE FROM recovery_codes WHERE user_id = $1";
        const KEEP: &str = "INSERT INTO recovery_codes (code_hash, user_id) VALUES ($1, $2)";

        sqlx::query(DROP).bind($user_id.to_string()).execute(&mut *$tx).await?;
        for code in $codes {
            sqlx::query(KEEP).bind(code.to_text()).bind($user_id.to_string()).execute(&mut *$tx).await?;
        }
    }};
}

/// Leaves a notice in every other session of a user, in the transaction at hand.
macro_rules! tell_other_sessions {
    ($tx:ident, $user_id:expr, $this_session:expr, $kind:expr) => {{
        const SQL: &str = "UPDATE sessions SET notice = $1 WHERE user_id = $2 AND session_id <> $3";

        let kind: EventKind = $kind;
        sqlx::query(SQL)
            .bind(kind.name())
            .bind($user_id.to_string())
            .bind($this_session.to_string())
            .execute(&mut *$tx)
            .await?;
    }};
}

impl Store {
    /// A user's second factor, confirmed or begun.
    pub async fn second_factor(&self, user_id: UserId) -> Result<Option<SecondFactor>> {
        const SQL: &str = "SELECT secret, created_at, confirmed_at FROM second_factors WHERE user_id = $1";

        let row: Option<(String, i64, Option<i64>)> =
            reading!(self, db => sqlx::query_as(SQL).bind(user_id.to_string()).fetch_optional(db).await?);
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

        let begun = writing!(self, db => sqlx::query(SQL)
            .bind(sealed_secret)
            .bind(now.millis())
            .bind(user_id.to_string())
            .execute(db)
            .await?
            .rows_affected());
        Ok(begun == 1)
    }

    /// Uses the code of a step: false when that step or a later one was used before.
    pub async fn use_step(&self, user_id: UserId, step: i64) -> Result<bool> {
        const SQL: &str = "
            UPDATE second_factors SET last_step = $1 WHERE user_id = $2 AND last_step < $1 AND burnt_step <> $1";

        let used = writing!(self, db => sqlx::query(SQL).bind(step).bind(user_id.to_string()).execute(db).await?.rows_affected());
        Ok(used == 1)
    }

    /// Takes the worth from the code of a step to come, because it has been typed too early.
    pub async fn burn_step(&self, user_id: UserId, step: i64) -> Result<()> {
        const SQL: &str = "UPDATE second_factors SET burnt_step = $1 WHERE user_id = $2";

        writing!(self, db => {
            sqlx::query(SQL).bind(step).bind(user_id.to_string()).execute(db).await?;
        });
        Ok(())
    }

    /// Seals a secret anew, unless it is another one by now.
    pub async fn reseal_second_factor(&self, user_id: UserId, old: &str, new: &str) -> Result<()> {
        const SQL: &str = "UPDATE second_factors SET secret = $1 WHERE user_id = $2 AND secret = $3";

        writing!(self, db => {
            sqlx::query(SQL).bind(new).bind(user_id.to_string()).bind(old).execute(db).await?;
        });
        Ok(())
    }

    /// Asks for the second factor from now on, and keeps the recovery codes; other sessions are told. False when there is
    /// nothing to confirm, another secret was begun meanwhile, or the step was used before.
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

        transaction!(self, tx => {
            if !is_still_there!(tx, event.user_id, this_session) {
                return Ok(false);
            }
            let confirmed = sqlx::query(SQL)
                .bind(event.event.at.millis())
                .bind(step)
                .bind(event.user_id.to_string())
                .bind(sealed_secret)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if confirmed == 0 {
                return Ok(false);
            }
            replace_codes!(tx, event.user_id, codes);
            tell_other_sessions!(tx, event.user_id, this_session, event.event.kind);
            insert_event!(tx, event);
        });
        Ok(true)
    }

    /// Asks for no second factor any more, and drops the recovery codes; other sessions are told. False when there was none.
    pub async fn end_second_factor(&self, this_session: SessionId, event: &NewEvent) -> Result<bool> {
        const SQL: &str = "DELETE FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL";

        transaction!(self, tx => {
            if !is_still_there!(tx, event.user_id, this_session) {
                return Ok(false);
            }
            let ended = sqlx::query(SQL).bind(event.user_id.to_string()).execute(&mut *tx).await?.rows_affected();
            if ended == 0 {
                return Ok(false);
            }
            replace_codes!(tx, event.user_id, &[] as &[RecoveryCodeHash]);
            tell_other_sessions!(tx, event.user_id, this_session, event.event.kind);
            insert_event!(tx, event);
        });
        Ok(true)
    }

    /// Puts new recovery codes in the place of the old ones; other sessions are told. False when no second factor is asked for.
    pub async fn replace_recovery_codes(
        &self,
        codes: &[RecoveryCodeHash],
        this_session: SessionId,
        event: &NewEvent,
    ) -> Result<bool> {
        // Touches the row, so that turning it off at the same time waits for this or comes first.
        const SQL: &str = "
            UPDATE second_factors SET last_step = last_step WHERE user_id = $1 AND confirmed_at IS NOT NULL";

        transaction!(self, tx => {
            if !is_still_there!(tx, event.user_id, this_session) {
                return Ok(false);
            }
            let is_on = sqlx::query(SQL).bind(event.user_id.to_string()).execute(&mut *tx).await?.rows_affected();
            if is_on == 0 {
                return Ok(false);
            }
            replace_codes!(tx, event.user_id, codes);
            tell_other_sessions!(tx, event.user_id, this_session, event.event.kind);
            insert_event!(tx, event);
        });
        Ok(true)
    }

    /// Uses a recovery code up. False when it is none of this user's, or was used before.
    pub async fn use_recovery_code(&self, code: &RecoveryCodeHash, event: &NewEvent) -> Result<bool> {
        const SQL: &str = "DELETE FROM recovery_codes WHERE code_hash = $1 AND user_id = $2";

        transaction!(self, tx => {
            let used = sqlx::query(SQL)
                .bind(code.to_text())
                .bind(event.user_id.to_string())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if used == 0 {
                return Ok(false);
            }
            insert_event!(tx, event);
        });
        Ok(true)
    }

    /// How many recovery codes are left.
    pub async fn count_recovery_codes(&self, user_id: UserId) -> Result<i64> {
        const SQL: &str = "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1";

        Ok(reading!(self, db => sqlx::query_scalar(SQL).bind(user_id.to_string()).fetch_one(db).await?))
    }
}
