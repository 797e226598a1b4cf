-- 0005_compare.sql
-- Why: what the LMSs hold beside what was sent to them; lists of scores that
-- page by key.
-- Rolling upgrade: a new table and a new index. The previous release neither
-- reads nor writes the table: what it is asked to compare waits for the new one.

-- +goose Up

-- Comparing one grade target with the LMS: that somebody asked, and what came
-- of it last. due_at is when a worker may take the row, the end of its lease
-- while it is read, NULL when nobody waits for it.
CREATE TABLE score_check (
    target_id  TEXT    NOT NULL PRIMARY KEY REFERENCES grade_target (id) ON DELETE CASCADE,
    asked_at   BIGINT  NOT NULL,
    asked_by   TEXT    NOT NULL,
    repair     BOOLEAN NOT NULL,   -- owe the score again when the LMS lacks it
    due_at     BIGINT,
    lease_by   TEXT    NOT NULL,
    tries      BIGINT  NOT NULL,   -- since it was asked
    checked_at BIGINT  NOT NULL,   -- 0 until there is a verdict
    verdict    TEXT    NOT NULL CHECK (verdict IN ('', 'same', 'missing', 'differs', 'unclear', 'unanswered')),
    here       DOUBLE PRECISION,
    there      DOUBLE PRECISION,
    said       TEXT    NOT NULL,   -- the LMS's number as it wrote it
    reason     TEXT    NOT NULL
);
CREATE INDEX score_check_due ON score_check (due_at);
CREATE INDEX score_check_verdict ON score_check (verdict);

CREATE INDEX owed_score_change ON owed_score (first_change_at, id);
