use super::{Result, Store};

/// There is one site in a database.
const SITE: &str = "site";

impl Store {
    /// Whether other machines may have this database open too.
    pub const fn may_be_shared(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// Keeps a mark of the site's key unless there is one, and answers the one that is kept.
    pub async fn keep_key_mark(&self, mark: &str) -> Result<String> {
        // Touches the row, so that of two processes which start at once the later reads what the earlier wrote.
        const SQL: &str = "
            INSERT INTO key_marks (name, mark) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET mark = key_marks.mark
            RETURNING mark";

        Ok(writing!(self, db => sqlx::query_scalar(SQL).bind(SITE).bind(mark).fetch_one(db).await?))
    }

    /// Puts a mark of a new key in the place of the old one, unless somebody else has.
    pub async fn replace_key_mark(&self, old: &str, new: &str) -> Result<()> {
        const SQL: &str = "UPDATE key_marks SET mark = $1 WHERE name = $2 AND mark = $3";

        writing!(self, db => {
            sqlx::query(SQL).bind(new).bind(SITE).bind(old).execute(db).await?;
        });
        Ok(())
    }
}
