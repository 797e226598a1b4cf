-- 0003_continuation.sql
-- Why: launches that wait for their learner to sign in; what an operator says
-- about a consumer's e-mail domains, frames and staff; where a link pointed
-- before it was proven.
-- Rolling upgrade: a new table and columns with defaults. The previous release
-- neither reads nor writes them; a consumer that it changes keeps its values.

-- +goose Up

ALTER TABLE consumer ADD COLUMN trusted_domains TEXT NOT NULL DEFAULT '';   -- one a line
ALTER TABLE consumer ADD COLUMN frame_origins TEXT NOT NULL DEFAULT '';     -- one a line
ALTER TABLE consumer ADD COLUMN grade_staff BOOLEAN NOT NULL DEFAULT FALSE;

-- The account that a link named before it was proven, and what an operator
-- should know about it.
ALTER TABLE account_link ADD COLUMN previous_account_id TEXT NOT NULL DEFAULT '';
ALTER TABLE account_link ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE account_link ADD COLUMN noted_at BIGINT NOT NULL DEFAULT 0;

CREATE INDEX account_email ON account (email);

-- The host that the launch named for its score; '' when it named none.
ALTER TABLE launch_session ADD COLUMN score_host TEXT NOT NULL DEFAULT '';

-- A verified launch that waits until its learner has signed in elsewhere.
CREATE TABLE continuation (
    id          TEXT   NOT NULL PRIMARY KEY,
    consumer_id TEXT   NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    token_hash  BYTEA  NOT NULL,   -- of the credential that the frame holds
    user_agent  BYTEA  NOT NULL,
    code_hash   BYTEA  NOT NULL,   -- of the short code that the frame shows
    tries       BIGINT NOT NULL,   -- codes given so far
    state       TEXT   NOT NULL CHECK (state IN ('waiting', 'confirmed', 'used')),
    account_id  TEXT   NOT NULL,   -- who confirmed it; '' until then
    other       TEXT   NOT NULL,   -- masked address of who gave the code but was somebody else
    box         BYTEA  NOT NULL,   -- sealed: all that is needed to go on with the launch
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX continuation_consumer ON continuation (consumer_id);
CREATE INDEX continuation_expires ON continuation (expires_at);   -- the sweeper's query
