-- 0006_scores.sql
-- Why: comparisons have one verdict more, "overridden", and take in places in
-- gradebooks that nothing was ever owed to; lists of scores by state, link and
-- learner are ranges of an index.
-- Rolling upgrade: the table of comparisons is made anew without its list of
-- verdicts, with the same columns. The previous release shows the new verdict
-- as it is written. What it claims for places that nothing is owed to, it does
-- not see; the new release takes that when the lease has run out.

-- +goose Up

CREATE TABLE score_check_next (
    target_id  TEXT    NOT NULL PRIMARY KEY REFERENCES grade_target (id) ON DELETE CASCADE,
    asked_at   BIGINT  NOT NULL,
    asked_by   TEXT    NOT NULL,
    repair     BOOLEAN NOT NULL,   -- owe the score again when the LMS lacks it
    due_at     BIGINT,
    lease_by   TEXT    NOT NULL,
    tries      BIGINT  NOT NULL,   -- since it was asked
    checked_at BIGINT  NOT NULL,   -- 0 until there is a verdict
    verdict    TEXT    NOT NULL,   -- one of store.Verdict, or ''
    here       DOUBLE PRECISION,
    there      DOUBLE PRECISION,
    said       TEXT    NOT NULL,   -- the LMS's number as it wrote it
    reason     TEXT    NOT NULL
);
INSERT INTO score_check_next (
    target_id, asked_at, asked_by, repair, due_at, lease_by, tries, checked_at, verdict, here, there, said, reason
)
SELECT target_id, asked_at, asked_by, repair, due_at, lease_by, tries, checked_at, verdict, here, there, said, reason
FROM score_check;
DROP TABLE score_check;
ALTER TABLE score_check_next RENAME TO score_check;
CREATE INDEX score_check_due ON score_check (due_at);
CREATE INDEX score_check_verdict ON score_check (verdict);

DROP INDEX owed_score_state;
CREATE INDEX owed_score_state ON owed_score (state, first_change_at, id);
CREATE INDEX grade_target_link ON grade_target (link_key);
CREATE INDEX grade_target_usage ON grade_target (usage_key);
CREATE INDEX account_link_user ON account_link (lti_user_id);
