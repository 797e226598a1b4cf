-- 0009_moving.sql
-- Why: consumers that were taken over from Open edX; what a consumer may open,
-- when, how often, and how long its learners' data is kept; LMSs that nobody
-- knows asking for access.
-- Rolling upgrade: new tables, and columns with defaults that mean "no limit".
-- The previous release neither reads nor writes them; a consumer that it changes
-- keeps its values, and launches that it takes are not counted.

-- +goose Up

-- Where a consumer was taken over from: 'openedx', or '' when it was made here.
ALTER TABLE consumer ADD COLUMN moved_from TEXT NOT NULL DEFAULT '';

ALTER TABLE consumer ADD COLUMN courses TEXT NOT NULL DEFAULT '';                    -- keys, one a line; '' all
ALTER TABLE consumer ADD COLUMN starts_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consumer ADD COLUMN ends_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consumer ADD COLUMN launches_per_minute BIGINT NOT NULL DEFAULT 0;       -- 0 no limit
ALTER TABLE consumer ADD COLUMN keep_days BIGINT NOT NULL DEFAULT 0;                 -- 0 for ever

-- When a learner was last here, to the day; 0 when that was before it was kept.
ALTER TABLE account_link ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;

-- Launches of a consumer in its latest minute, counted where it has a limit.
CREATE TABLE launch_rate (
    consumer_id TEXT   NOT NULL PRIMARY KEY REFERENCES consumer (id) ON DELETE CASCADE,
    minute      BIGINT NOT NULL,   -- since 1970
    launches    BIGINT NOT NULL
);

-- Somebody with an LMS that this site does not know asks to be let in.
CREATE TABLE access_request (
    id           TEXT   NOT NULL PRIMARY KEY,
    asked_at     BIGINT NOT NULL,
    consumer_key TEXT   NOT NULL,   -- as the LMS sent it
    name         TEXT   NOT NULL,
    contact      TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('waiting', 'approved', 'declined')),
    decided_at   BIGINT NOT NULL,
    consumer_id  TEXT   NOT NULL    -- of what was made; '' until then
);
CREATE INDEX access_request_state ON access_request (state, asked_at);
