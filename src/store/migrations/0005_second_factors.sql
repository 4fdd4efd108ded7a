-- A second factor: codes by time (RFC 6238). One that is not confirmed yet asks for nothing.
CREATE TABLE second_factors (
    user_id      TEXT   NOT NULL PRIMARY KEY REFERENCES users (user_id) ON DELETE CASCADE,
    -- The secret shared with the phone, sealed with the site's key.
    secret       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    -- The last step whose code was used: each works once.
    last_step    BIGINT NOT NULL,
    -- A step to come whose code was typed too early, and which therefore does not count any more.
    burnt_step   BIGINT NOT NULL
);

-- Codes for when the phone is gone. Each works once, and only its SHA-256 is kept.
CREATE TABLE recovery_codes (
    code_hash TEXT NOT NULL PRIMARY KEY,
    user_id   TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE
);

CREATE INDEX recovery_codes_of_user ON recovery_codes (user_id);
