-- 0001_initial.sql
-- Why: everything a launch, an answer, a score on its way and the console need.
-- Rolling upgrade: the first schema; no earlier release exists.
--
-- Conventions: ids are UUIDv7 text made by the program; moments (…_at, …_until)
-- are Unix microseconds and 0 means "never"; JSON is text; columns ending in
-- _folded and search hold lower case for comparing and searching. A line that
-- holds nothing but ");" ends a table: SQLite adds STRICT there.

-- +goose Up

-- An external LMS.
CREATE TABLE consumer (
    id                   TEXT    NOT NULL PRIMARY KEY,
    name                 TEXT    NOT NULL,
    name_folded          TEXT    NOT NULL UNIQUE,
    consumer_key         TEXT    NOT NULL UNIQUE,
    search               TEXT    NOT NULL,
    instance_guid        TEXT    NOT NULL,
    instance_guid_folded TEXT    NOT NULL,
    instance_guid_at     BIGINT  NOT NULL,
    require_user_account BOOLEAN NOT NULL,
    use_lti_pii          BOOLEAN NOT NULL,
    enabled              BOOLEAN NOT NULL,
    strict_replay        BOOLEAN NOT NULL,
    strict_lti           BOOLEAN NOT NULL,
    fresh_state          BOOLEAN NOT NULL,
    created_at           BIGINT  NOT NULL,
    updated_at           BIGINT  NOT NULL,
    last_launch_at       BIGINT  NOT NULL
);

-- The current and, while a rotation is under way, the previous secret. Sealed.
CREATE TABLE consumer_secret (
    consumer_id  TEXT   NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    slot         TEXT   NOT NULL CHECK (slot IN ('current', 'previous')),
    box          BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (consumer_id, slot)
);

-- Origins that verified launches came from: who may frame our pages.
CREATE TABLE consumer_origin (
    consumer_id TEXT   NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    origin      TEXT   NOT NULL,
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (consumer_id, origin)
);

-- A person on this site.
CREATE TABLE account (
    id              TEXT    NOT NULL PRIMARY KEY,
    username        TEXT    NOT NULL,
    username_folded TEXT    NOT NULL UNIQUE,
    email           TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    search          TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    admin           BOOLEAN NOT NULL,
    enabled         BOOLEAN NOT NULL,
    password_hash   TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL
);

-- Which account an LMS's user is.
CREATE TABLE account_link (
    consumer_id TEXT   NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    lti_user_id TEXT   NOT NULL,
    account_id  TEXT   NOT NULL REFERENCES account (id),
    how         TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (consumer_id, lti_user_id)
);
CREATE INDEX account_link_account ON account_link (account_id);

-- A course in an LMS.
CREATE TABLE lms_context (
    id          TEXT NOT NULL PRIMARY KEY,
    consumer_id TEXT NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    context_id  TEXT NOT NULL,   -- the LMS's; "" when it sends none
    title       TEXT NOT NULL,
    label       TEXT NOT NULL,
    UNIQUE (consumer_id, context_id)
);

-- A link in an LMS course that has been launched.
CREATE TABLE placement (
    id             TEXT   NOT NULL PRIMARY KEY,
    consumer_id    TEXT   NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    lms_context_id TEXT   NOT NULL REFERENCES lms_context (id) ON DELETE CASCADE,
    link_key       TEXT   NOT NULL,
    title          TEXT   NOT NULL,
    course_key     TEXT   NOT NULL,
    usage_key      TEXT   NOT NULL,
    first_at       BIGINT NOT NULL,
    last_launch_at BIGINT NOT NULL,
    launches       BIGINT NOT NULL,
    UNIQUE (lms_context_id, link_key)
);
CREATE INDEX placement_consumer ON placement (consumer_id);
CREATE INDEX placement_course ON placement (course_key);

-- One launch's right to use what it opened. placement_id is information: it
-- may name a row that is gone.
CREATE TABLE launch_session (
    id           TEXT    NOT NULL PRIMARY KEY,
    consumer_id  TEXT    NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    account_id   TEXT    NOT NULL REFERENCES account (id),
    placement_id TEXT    NOT NULL,
    course_key   TEXT    NOT NULL,
    usage_key    TEXT    NOT NULL,
    scope        TEXT    NOT NULL,
    staff        BOOLEAN NOT NULL,
    return_url   TEXT    NOT NULL,
    locale       TEXT    NOT NULL,
    query        TEXT    NOT NULL,
    token_hash   BYTEA,              -- NULL until a token is issued
    handle_hash  BYTEA,              -- NULL once redeemed
    handle_until BIGINT  NOT NULL,
    user_agent   BYTEA   NOT NULL,
    created_at   BIGINT  NOT NULL,
    seen_at      BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL
);
CREATE INDEX launch_session_consumer ON launch_session (consumer_id);
CREATE INDEX launch_session_expires ON launch_session (expires_at);   -- the sweeper's query

-- A nonce counts once [OAuth1 §3.3]. The hash covers consumer key and timestamp.
CREATE TABLE nonce (
    hash        BYTEA  NOT NULL PRIMARY KEY,
    fingerprint BYTEA  NOT NULL,
    launch_id   TEXT   NOT NULL,
    used_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX nonce_expires ON nonce (expires_at);   -- the sweeper's query

-- What happened at the front door. Rows outlive their consumer on purpose.
CREATE TABLE launch_log (
    id           TEXT    NOT NULL PRIMARY KEY,
    logged_at    BIGINT  NOT NULL,
    code         TEXT    NOT NULL,
    verified     BOOLEAN NOT NULL,
    consumer_id  TEXT    NOT NULL,
    consumer_key TEXT    NOT NULL,
    course_key   TEXT    NOT NULL,
    usage_key    TEXT    NOT NULL,
    detail       TEXT    NOT NULL,
    repeats      BIGINT  NOT NULL
);
CREATE INDEX launch_log_at ON launch_log (logged_at, id);
CREATE INDEX launch_log_consumer ON launch_log (consumer_id, logged_at, id);
CREATE INDEX launch_log_verified ON launch_log (verified, logged_at);                  -- the cap
CREATE INDEX launch_log_repeat ON launch_log (consumer_key, code, verified, logged_at);   -- folding repeats

-- A gradebook cell in an LMS. kind says how a score gets there: 'pox' is LTI
-- 1.1 Basic Outcomes, with service_url and sourced_id.
CREATE TABLE grade_target (
    id          TEXT   NOT NULL PRIMARY KEY,
    kind        TEXT   NOT NULL,
    consumer_id TEXT   NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    account_id  TEXT   NOT NULL REFERENCES account (id),
    link_key    TEXT   NOT NULL,
    course_key  TEXT   NOT NULL,
    usage_key   TEXT   NOT NULL,
    scope       TEXT   NOT NULL,
    service_url TEXT   NOT NULL,
    sourced_id  BYTEA  NOT NULL,   -- opaque, kept as sent
    refused     TEXT   NOT NULL,
    updated_at  BIGINT NOT NULL,
    UNIQUE (consumer_id, account_id, link_key)
);
CREATE INDEX grade_target_learner ON grade_target (account_id, course_key, scope);
CREATE INDEX grade_target_course ON grade_target (course_key);

-- What we owe a grade target: one row per target, whatever happens to it.
-- due_at is when a worker may take the row: next_at while it waits, the end of
-- the lease while it is sent, NULL when nothing is to be done. again_at and
-- again_next_at are set by changes that come while it is sent.
CREATE TABLE owed_score (
    id                TEXT   NOT NULL PRIMARY KEY,
    target_id         TEXT   NOT NULL UNIQUE REFERENCES grade_target (id) ON DELETE CASCADE,
    wanted_version    BIGINT NOT NULL,
    delivered_version BIGINT NOT NULL,
    state             TEXT   NOT NULL CHECK (state IN ('waiting', 'sending', 'retrying', 'delivered', 'parked')),
    attempts          BIGINT NOT NULL,
    first_change_at   BIGINT NOT NULL,
    next_at           BIGINT NOT NULL,
    due_at            BIGINT,
    again_at          BIGINT NOT NULL,
    again_next_at     BIGINT NOT NULL,
    lease_until       BIGINT NOT NULL,
    lease_by          TEXT   NOT NULL,
    last_error        TEXT   NOT NULL,
    last_score        DOUBLE PRECISION,
    delivered_at      BIGINT NOT NULL
);
CREATE INDEX owed_score_due ON owed_score (due_at);
CREATE INDEX owed_score_state ON owed_score (state);

-- Every try to deliver a score, kept.
CREATE TABLE score_attempt (
    id       TEXT   NOT NULL PRIMARY KEY,
    owed_id  TEXT   NOT NULL REFERENCES owed_score (id) ON DELETE CASCADE,
    tried_at BIGINT NOT NULL,
    took     BIGINT NOT NULL,   -- microseconds
    version  BIGINT NOT NULL,
    score    DOUBLE PRECISION NOT NULL,
    class    TEXT   NOT NULL,
    status   BIGINT NOT NULL,
    detail   TEXT   NOT NULL
);
CREATE INDEX score_attempt_owed ON score_attempt (owed_id, tried_at, id);

-- A course and its published version.
CREATE TABLE course (
    course_key  TEXT   NOT NULL PRIMARY KEY,
    version_id  TEXT   NOT NULL,
    last_number BIGINT NOT NULL
);

-- One import of a course. Immutable.
CREATE TABLE course_version (
    id          TEXT   NOT NULL PRIMARY KEY,
    course_key  TEXT   NOT NULL REFERENCES course (course_key) ON DELETE CASCADE,
    number      BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    body        TEXT   NOT NULL,   -- JSON: language, dates, partitions
    blocks      BIGINT NOT NULL,
    source      BYTEA  NOT NULL,
    report      TEXT   NOT NULL,
    imported_at BIGINT NOT NULL,
    UNIQUE (course_key, number)
);

-- A block of a version, numbered in document order. parent is the number of
-- its parent, -1 for the course block.
CREATE TABLE block (
    version_id TEXT   NOT NULL REFERENCES course_version (id) ON DELETE CASCADE,
    position   BIGINT NOT NULL,
    parent     BIGINT NOT NULL,
    block_type TEXT   NOT NULL,
    block_id   TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    body       TEXT   NOT NULL,   -- JSON: settings, fields, fate, scoring
    data       TEXT   NOT NULL,
    PRIMARY KEY (version_id, position)
);

-- A file beside a version; its bytes are stored elsewhere, by sha256.
CREATE TABLE asset (
    version_id   TEXT    NOT NULL REFERENCES course_version (id) ON DELETE CASCADE,
    position     BIGINT  NOT NULL,
    name         TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    size         BIGINT  NOT NULL,
    sha256       TEXT    NOT NULL,
    locked       BOOLEAN NOT NULL,
    PRIMARY KEY (version_id, position)
);

-- What a learner has done with a block. It outlives course versions.
CREATE TABLE learner_state (
    account_id TEXT    NOT NULL REFERENCES account (id),
    scope      TEXT    NOT NULL,
    course_key TEXT    NOT NULL,
    block_type TEXT    NOT NULL,
    block_id   TEXT    NOT NULL,
    version    BIGINT  NOT NULL,
    state      TEXT    NOT NULL,
    answered   BOOLEAN NOT NULL,
    earned     DOUBLE PRECISION NOT NULL,
    possible   DOUBLE PRECISION NOT NULL,
    updated_at BIGINT  NOT NULL,
    PRIMARY KEY (account_id, course_key, scope, block_type, block_id)
);

-- Every change of a learner's score on a block, kept.
CREATE TABLE score_event (
    id          TEXT   NOT NULL PRIMARY KEY,
    account_id  TEXT   NOT NULL REFERENCES account (id),
    scope       TEXT   NOT NULL,
    course_key  TEXT   NOT NULL,
    block_type  TEXT   NOT NULL,
    block_id    TEXT   NOT NULL,
    happened_at BIGINT NOT NULL,
    earned      DOUBLE PRECISION NOT NULL,
    possible    DOUBLE PRECISION NOT NULL,
    why         TEXT   NOT NULL
);
CREATE INDEX score_event_key ON score_event (account_id, course_key, scope, block_type, block_id, happened_at, id);

-- Who changed what. Never deleted.
CREATE TABLE audit (
    id          TEXT   NOT NULL PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    who         TEXT   NOT NULL,
    act         TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    before      TEXT   NOT NULL,
    after       TEXT   NOT NULL
);
CREATE INDEX audit_at ON audit (happened_at, id);

-- Site-wide values by name.
CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- A signed-in administrator's browser.
CREATE TABLE console_session (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX console_session_account ON console_session (account_id);
CREATE INDEX console_session_expires ON console_session (expires_at);

-- A one-time link that lets its holder set a password.
CREATE TABLE setup_link (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX setup_link_account ON setup_link (account_id);
CREATE INDEX setup_link_expires ON setup_link (expires_at);

-- Failures to sign in, by the hash of an address or user name.
CREATE TABLE throttle (
    key_hash   BYTEA  NOT NULL PRIMARY KEY,
    failures   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX throttle_expires ON throttle (expires_at);
