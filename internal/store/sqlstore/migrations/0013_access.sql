-- 0013_access.sql
-- Why: requests for access, for which there is a table since 0009, say more of the
-- person, of the LMS and of what was decided, and there is one at a time of an LMS.
-- Rolling upgrade: columns with defaults and indexes, in a table that the previous
-- release neither reads nor writes.

-- +goose Up

-- contact is the e-mail address that was given, reason what the person wrote. The
-- ID is that of the page on which it was written: one page makes one request.
ALTER TABLE access_request ADD COLUMN lms TEXT NOT NULL DEFAULT '';             -- SHA-256 of what tells LMSs apart, in hex
ALTER TABLE access_request ADD COLUMN repeats BIGINT NOT NULL DEFAULT 0;        -- more requests of the LMS while it waited
ALTER TABLE access_request ADD COLUMN institution TEXT NOT NULL DEFAULT '';
-- What a launch that nobody vouched for said.
ALTER TABLE access_request ADD COLUMN lms_name TEXT NOT NULL DEFAULT '';
ALTER TABLE access_request ADD COLUMN lms_guid TEXT NOT NULL DEFAULT '';
ALTER TABLE access_request ADD COLUMN lms_family TEXT NOT NULL DEFAULT '';
ALTER TABLE access_request ADD COLUMN context_title TEXT NOT NULL DEFAULT '';
ALTER TABLE access_request ADD COLUMN link_title TEXT NOT NULL DEFAULT '';
ALTER TABLE access_request ADD COLUMN course_key TEXT NOT NULL DEFAULT '';
ALTER TABLE access_request ADD COLUMN usage_key TEXT NOT NULL DEFAULT '';
ALTER TABLE access_request ADD COLUMN launch_id TEXT NOT NULL DEFAULT '';       -- the refused launch's row in the log
ALTER TABLE access_request ADD COLUMN decided_by TEXT NOT NULL DEFAULT '';      -- account
ALTER TABLE access_request ADD COLUMN answer TEXT NOT NULL DEFAULT '';          -- why it was declined
CREATE UNIQUE INDEX access_request_waiting ON access_request (lms) WHERE state = 'waiting';
