-- A browser or program that is signed in. The token itself is never kept.
CREATE TABLE sessions (
    session_id       TEXT   NOT NULL PRIMARY KEY,
    -- The SHA-256 of the token.
    token_hash       TEXT   NOT NULL UNIQUE,
    user_id          TEXT   NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_at       BIGINT NOT NULL,
    last_seen_at     BIGINT NOT NULL,
    -- Set when the owner asked to stay signed in.
    remembered_until BIGINT,
    user_agent       TEXT,
    address          TEXT
);

CREATE INDEX sessions_of_user ON sessions (user_id);
