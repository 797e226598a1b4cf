-- 0002_accounts.sql
-- Why: people who sign in by a campus identity provider; the audit of one
-- account; deleting and merging accounts without reading whole tables.
-- Rolling upgrade: a new table and new indexes. The previous release neither
-- reads nor writes the table, and an account that it knows stays as it is.

-- +goose Up

-- Who an account is at an identity provider [OIDC Core §5.7].
CREATE TABLE account_identity (
    issuer     TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    account_id TEXT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    email      TEXT   NOT NULL,   -- what the provider said when it was linked
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX account_identity_account ON account_identity (account_id);

CREATE INDEX audit_subject ON audit (subject, happened_at, id);
CREATE INDEX launch_session_account ON launch_session (account_id);
