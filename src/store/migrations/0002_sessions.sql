-- A browser or program that is signed in. The token itself is never kept.
CREATE TABLE sessions (
    session_id       TEXT   NOT NULL PRIMARY KEY,
    -- The SHA-256 of the token.
    token_hash       TEXT   NOT NULL UNIQUE,
    user_id          TEXT   NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_at       BIGINT NOT NULL,
    last_seen_at     BIGINT NOT NULL,
    -- When its user last proved who they are.
    confirmed_at     BIGINT NOT NULL,
    -- Set when the owner asked to stay signed in.
    remembered_until BIGINT,
    user_agent       TEXT,
    address          TEXT,
    -- Failed attempts to sign in between the sign-in before this one and this one.
    failed_attempts  BIGINT NOT NULL,
    failed_since     BIGINT,
    -- What changed about the account elsewhere, until its user has seen it.
    notice           TEXT
);

CREATE INDEX sessions_of_user ON sessions (user_id);

-- Sessions that somebody ended from elsewhere, so that the browser can be told why.
CREATE TABLE endings (
    token_hash TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    why        TEXT   NOT NULL,
    ended_at   BIGINT NOT NULL
);

CREATE INDEX endings_of_user ON endings (user_id);
CREATE INDEX endings_by_time ON endings (ended_at);
