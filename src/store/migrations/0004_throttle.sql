-- Tries that failed, or have not succeeded yet, by who is tried and from where.
CREATE TABLE throttle (
    bucket        TEXT   NOT NULL PRIMARY KEY,
    tries         BIGINT NOT NULL,
    -- When the first of them was, for those that are counted by a span of time.
    began_at      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    -- Until when nothing more is tried.
    blocked_until BIGINT NOT NULL
);

CREATE INDEX throttle_by_time ON throttle (last_at);
