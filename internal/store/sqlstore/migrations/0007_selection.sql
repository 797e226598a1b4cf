-- 0007_selection.sql
-- Why: teachers who choose content inside their LMS; imports that somebody
-- reviews before they are published; who imported a version.
-- Rolling upgrade: two new tables, and a column with a default. The previous
-- release neither reads nor writes them; what it imports names nobody.

-- +goose Up

ALTER TABLE course_version ADD COLUMN imported_by TEXT NOT NULL DEFAULT '';   -- account id, or a word for a program

-- A verified request of an LMS for content, while a teacher chooses.
CREATE TABLE selection (
    id          TEXT   NOT NULL PRIMARY KEY,
    consumer_id TEXT   NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    token_hash  BYTEA  NOT NULL,   -- of the credential that the page's address holds
    user_agent  BYTEA  NOT NULL,
    box         BYTEA  NOT NULL,   -- sealed: what the LMS asked for and where the answer goes
    created_at  BIGINT NOT NULL,
    opened_at   BIGINT NOT NULL,   -- 0 until the page was seen
    expires_at  BIGINT NOT NULL
);
CREATE INDEX selection_consumer ON selection (consumer_id);
CREATE INDEX selection_expires ON selection (expires_at);   -- the sweeper's query

-- An import that waits for somebody to publish or discard it. Its archive lies
-- beside the course files.
CREATE TABLE staged_import (
    id         TEXT   NOT NULL PRIMARY KEY,
    course_key TEXT   NOT NULL,
    base       TEXT   NOT NULL,   -- version it was compared with; '' for a new course
    file_name  TEXT   NOT NULL,   -- as the browser called it
    size       BIGINT NOT NULL,   -- bytes of the archive
    made_by    TEXT   NOT NULL,
    report     TEXT   NOT NULL,   -- JSON
    changes    TEXT   NOT NULL,   -- JSON
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX staged_import_course ON staged_import (course_key);
CREATE INDEX staged_import_expires ON staged_import (expires_at);   -- the sweeper's query
