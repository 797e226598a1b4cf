-- 0010_roles_dates.sql
-- Why: people who use the console without being administrators; what becomes of
-- a course's dates here; extra time and attempts of one learner.
-- Rolling upgrade: new tables, and columns with defaults. The previous release
-- lets administrators alone into the console and obeys every date, as before.

-- +goose Up

-- What an account may do in the console besides administrators: '', 'support'
-- or 'team'.
ALTER TABLE account ADD COLUMN role TEXT NOT NULL DEFAULT '';
CREATE INDEX account_role ON account (role) WHERE role <> '';

-- The courses of somebody whose role is 'team'. A key may name a course that is
-- not imported yet.
CREATE TABLE course_team (
    account_id TEXT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    course_key TEXT   NOT NULL,
    since      BIGINT NOT NULL,
    PRIMARY KEY (account_id, course_key)
);
CREATE INDEX course_team_course ON course_team (course_key);

-- What becomes of a course's dates. subject is a course key, a consumer or a
-- placement; the nearest rule counts. Of a shift, either days or starts_at says
-- how far.
CREATE TABLE date_rule (
    level     TEXT   NOT NULL CHECK (level IN ('course', 'consumer', 'link')),
    subject   TEXT   NOT NULL,
    mode      TEXT   NOT NULL CHECK (mode IN ('obey', 'ignore', 'shift')),
    days      BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    set_by    TEXT   NOT NULL,
    set_at    BIGINT NOT NULL,
    PRIMARY KEY (level, subject)
);

-- Extra time and attempts of one learner, on a block and all below it.
CREATE TABLE allowance (
    account_id TEXT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    scope      TEXT   NOT NULL,
    course_key TEXT   NOT NULL,
    block_type TEXT   NOT NULL,
    block_id   TEXT   NOT NULL,
    extra_time BIGINT NOT NULL,   -- microseconds
    attempts   BIGINT NOT NULL,
    why        TEXT   NOT NULL,
    given_by   TEXT   NOT NULL,
    given_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, course_key, scope, block_type, block_id)
);

-- The link behind a gradebook cell, whose dates count; '' until its next launch.
ALTER TABLE grade_target ADD COLUMN placement_id TEXT NOT NULL DEFAULT '';
