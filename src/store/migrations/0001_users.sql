-- A person with an account. Times are milliseconds since 1970 in UTC; ids are UUIDs as text.
CREATE TABLE users (
    user_id          TEXT   NOT NULL PRIMARY KEY,
    username         TEXT   NOT NULL,
    -- The user name in lower case: one name, one account.
    username_key     TEXT   NOT NULL UNIQUE,
    display_name     TEXT   NOT NULL,
    -- An Argon2 hash as a PHC string.
    password_hash    TEXT   NOT NULL,
    -- Goes up when the password changes, not when the same password is hashed again: a login that verified an older
    -- one gets no session.
    password_version BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    disabled_at      BIGINT
);
