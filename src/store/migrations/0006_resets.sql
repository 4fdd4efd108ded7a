-- Links to set a new password with, made by the operator: at most one a user.
CREATE TABLE resets (
    user_id          TEXT   NOT NULL PRIMARY KEY REFERENCES users (user_id) ON DELETE CASCADE,
    -- The SHA-256 of the token. The token itself is never kept.
    token_hash       TEXT   NOT NULL UNIQUE,
    -- Which password the link replaces: when it has changed meanwhile, the link is worth nothing.
    password_version BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL
);

CREATE INDEX resets_by_time ON resets (expires_at);
