-- What happens again within a day is one event: when it first did, when it last did, and how often.
ALTER TABLE events ADD COLUMN last_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN times   BIGINT NOT NULL DEFAULT 1;

UPDATE events SET last_at = at;

DROP INDEX events_of_user;
CREATE INDEX events_of_user ON events (user_id, kind, at);
