-- 0008_inspector.sql
-- Why: what a launch was and why it was refused, in parts that can be shown,
-- searched and grouped; launches that operators make to test a link, and what
-- the gradebook of the test got.
-- Rolling upgrade: new columns with defaults, new tables, indexes of few rows.
-- The previous release adds rows to the launch log without them. It does not
-- know the address of the test gradebook: a score that it is to send there
-- parks.

-- +goose Up

ALTER TABLE launch_log ADD COLUMN cause TEXT NOT NULL DEFAULT '';      -- refusals with the same one are one warning
ALTER TABLE launch_log ADD COLUMN skew BIGINT;                         -- seconds: our clock minus the LMS's; NULL while unproven
ALTER TABLE launch_log ADD COLUMN evidence TEXT NOT NULL DEFAULT '';   -- JSON, masked
ALTER TABLE launch_log ADD COLUMN test_id TEXT NOT NULL DEFAULT '';    -- the test it was made by
CREATE INDEX launch_log_refused ON launch_log (logged_at) WHERE code <> 'ok';
CREATE INDEX launch_log_test ON launch_log (test_id) WHERE test_id <> '';

-- A launch that an operator makes to test a link, and what the test gradebook
-- holds for it.
CREATE TABLE test_launch (
    id            TEXT   NOT NULL PRIMARY KEY,
    made_at       BIGINT NOT NULL,
    made_by       TEXT   NOT NULL,   -- account
    consumer_id   TEXT   NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    course_key    TEXT   NOT NULL,
    usage_key     TEXT   NOT NULL,
    person        TEXT   NOT NULL,   -- who launches
    lms           TEXT   NOT NULL,   -- which LMS it is like
    fault         TEXT   NOT NULL,   -- what is wrong with the launch; '' for nothing
    outcome_fault TEXT   NOT NULL,   -- what is wrong with the gradebook
    grade         TEXT   NOT NULL    -- as received; '' for none
);
CREATE INDEX test_launch_made ON test_launch (made_at);
CREATE INDEX test_launch_consumer ON test_launch (consumer_id);

-- A message that the test gradebook got, and its answer.
CREATE TABLE test_message (
    id        TEXT    NOT NULL PRIMARY KEY,
    test_id   TEXT    NOT NULL REFERENCES test_launch (id) ON DELETE CASCADE,
    got_at    BIGINT  NOT NULL,
    operation TEXT    NOT NULL,
    score     TEXT    NOT NULL,
    accepted  BOOLEAN NOT NULL,
    reason    TEXT    NOT NULL,
    status    BIGINT  NOT NULL,
    request   TEXT    NOT NULL,
    answer    TEXT    NOT NULL
);
CREATE INDEX test_message_test ON test_message (test_id, got_at, id);
