-- 0011_teaching.sql
-- Why: scores that a teacher gives; grading again what was answered; who takes
-- part in an LMS's course; links that were copied from others; course versions
-- and files that nobody uses any more.
-- Rolling upgrade: new tables, an index, and columns with defaults. The previous
-- release keeps what it does not know: it does not touch a teacher's score, but
-- sends the learner's own while it runs.

-- +goose Up

-- What a teacher gave in the place of earned and possible, JSON; '' for nothing.
ALTER TABLE learner_state ADD COLUMN given TEXT NOT NULL DEFAULT '';
-- All who have worked on a block, in pages.
CREATE INDEX learner_state_block ON learner_state (course_key, block_type, block_id, account_id, scope);

-- Grading again what was answered to a problem: first as a preview, then, when
-- somebody says so, for good. due_at is when a worker may go on: NULL when nobody
-- waits for it. The cursor is the last learner that was done.
CREATE TABLE rescore (
    id             TEXT    NOT NULL PRIMARY KEY,
    course_key     TEXT    NOT NULL,
    block_type     TEXT    NOT NULL,
    block_id       TEXT    NOT NULL,
    account_id     TEXT    NOT NULL,   -- '' for all who answered
    scope          TEXT    NOT NULL,   -- of that one
    only_higher    BOOLEAN NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('preview', 'ready', 'apply', 'done', 'cancelled')),
    asked_by       TEXT    NOT NULL,
    asked_at       BIGINT  NOT NULL,
    finished_at    BIGINT  NOT NULL,
    due_at         BIGINT,
    cursor_account TEXT    NOT NULL,
    cursor_scope   TEXT    NOT NULL,
    seen           BIGINT  NOT NULL,
    raised         BIGINT  NOT NULL,
    lowered        BIGINT  NOT NULL,
    failed         BIGINT  NOT NULL,
    cells          BIGINT  NOT NULL,   -- gradebook cells of those who change
    applied        BIGINT  NOT NULL
);
CREATE INDEX rescore_due ON rescore (due_at);
CREATE INDEX rescore_course ON rescore (course_key, asked_at, id);

-- Learners whose score changes by it, or could not be found out.
CREATE TABLE rescore_row (
    rescore_id   TEXT NOT NULL REFERENCES rescore (id) ON DELETE CASCADE,
    account_id   TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    scope        TEXT NOT NULL,
    old_earned   DOUBLE PRECISION NOT NULL,
    old_possible DOUBLE PRECISION NOT NULL,
    new_earned   DOUBLE PRECISION NOT NULL,
    new_possible DOUBLE PRECISION NOT NULL,
    outcome      TEXT NOT NULL CHECK (outcome IN ('changes', 'failed', 'applied', 'same')),
    detail       TEXT NOT NULL,
    PRIMARY KEY (rescore_id, account_id, scope)
);
CREATE INDEX rescore_row_account ON rescore_row (account_id);

-- Who has launched something from an LMS's course.
CREATE TABLE context_member (
    lms_context_id TEXT    NOT NULL REFERENCES lms_context (id) ON DELETE CASCADE,
    account_id     TEXT    NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    staff          BOOLEAN NOT NULL,
    since          BIGINT  NOT NULL,
    PRIMARY KEY (lms_context_id, account_id)
);
CREATE INDEX context_member_account ON context_member (account_id);

-- The link that an LMS says this one was copied from.
ALTER TABLE placement ADD COLUMN copied_from TEXT NOT NULL DEFAULT '';
CREATE INDEX placement_link ON placement (consumer_id, link_key);

-- When a version stopped being the published one; 0 while it is, or never was.
ALTER TABLE course_version ADD COLUMN left_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX asset_sha256 ON asset (sha256);

-- Files that no version names any more, until they are deleted. A file is going
-- while its bytes are being deleted.
CREATE TABLE blob_garbage (
    sha256   TEXT    NOT NULL PRIMARY KEY,
    since    BIGINT  NOT NULL,
    going    BOOLEAN NOT NULL
);
CREATE INDEX blob_garbage_since ON blob_garbage (since);
