-- Browsers in which a user has logged in before: each has a budget of failed tries of its own. It opens nothing.
CREATE TABLE known_browsers (
    browser_id   TEXT   NOT NULL PRIMARY KEY,
    -- The SHA-256 of the mark in its cookie. The mark itself is never kept.
    mark_hash    TEXT   NOT NULL UNIQUE,
    user_id      TEXT   NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    user_agent   TEXT,
    address      TEXT
);

CREATE INDEX known_browsers_of_user ON known_browsers (user_id);
CREATE INDEX known_browsers_by_time ON known_browsers (last_used_at);
