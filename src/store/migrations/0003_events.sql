-- What happened to an account, for its owner to read.
CREATE TABLE events (
    event_id   TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    at         BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    user_agent TEXT,
    address    TEXT
);

CREATE INDEX events_of_user ON events (user_id, at);
CREATE INDEX events_by_time ON events (at);
