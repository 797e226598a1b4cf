-- 0004_tally.sql
-- Why: what all learners of a course said together in polls, surveys and word
-- clouds. Counting learner_state each time would read every learner's row.
-- Rolling upgrade: a new table. The previous release takes no votes.

-- +goose Up

-- How often an answer was given. question is '' where a block has one only.
CREATE TABLE tally (
    course_key TEXT   NOT NULL,
    scope      TEXT   NOT NULL,
    block_type TEXT   NOT NULL,
    block_id   TEXT   NOT NULL,
    question   TEXT   NOT NULL,
    answer     TEXT   NOT NULL,
    votes      BIGINT NOT NULL,
    PRIMARY KEY (course_key, scope, block_type, block_id, question, answer)
);
