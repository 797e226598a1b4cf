-- name: ConsoleSessionByHash :one
SELECT * FROM console_session WHERE token_hash = @token_hash AND expires_at > @now;

-- name: ConsoleSessionCreate :execrows
INSERT INTO console_session (token_hash, account_id, created_at, expires_at)
VALUES (@token_hash, @account_id, @created_at, @expires_at)
ON CONFLICT DO NOTHING;

-- name: ConsoleSessionDelete :exec
DELETE FROM console_session WHERE token_hash = @token_hash;

-- name: ConsoleSessionDeleteAll :exec
DELETE FROM console_session WHERE account_id = @account_id;

-- name: ConsoleSessionPrune :exec
DELETE FROM console_session WHERE expires_at <= @now;

-- name: SetupLinkCreate :execrows
INSERT INTO setup_link (token_hash, account_id, expires_at) VALUES (@token_hash, @account_id, @expires_at)
ON CONFLICT DO NOTHING;

-- name: SetupLinkByHash :one
SELECT * FROM setup_link WHERE token_hash = @token_hash AND expires_at > @now;

-- name: SetupLinkDeleteAll :exec
DELETE FROM setup_link WHERE account_id = @account_id;

-- name: SetupLinkPrune :exec
DELETE FROM setup_link WHERE expires_at <= @now;

-- name: ThrottleCount :one
INSERT INTO throttle (key_hash, failures, expires_at) VALUES (@key_hash, 1, @expires_at)
ON CONFLICT (key_hash) DO UPDATE SET
    failures = CASE WHEN throttle.expires_at <= @now THEN 1 ELSE throttle.failures + 1 END,
    expires_at = CASE WHEN throttle.expires_at <= @now THEN excluded.expires_at ELSE throttle.expires_at END
RETURNING failures;

-- name: ThrottleGet :one
SELECT failures FROM throttle WHERE key_hash = @key_hash AND expires_at > @now;

-- name: ThrottleDelete :exec
DELETE FROM throttle WHERE key_hash = @key_hash;

-- name: ThrottlePrune :exec
DELETE FROM throttle WHERE expires_at <= @now;

-- name: AuditAppend :execrows
INSERT INTO audit (id, happened_at, who, act, subject, before, after)
VALUES (@id, @happened_at, @who, @act, @subject, @before, @after)
ON CONFLICT DO NOTHING;

-- name: AuditList :many
SELECT * FROM audit ORDER BY happened_at DESC, id DESC LIMIT CAST(@max_rows AS BIGINT);

-- name: AuditBefore :many
SELECT * FROM audit
WHERE happened_at <= CAST(@before_at AS BIGINT)
  AND (happened_at < CAST(@before_at AS BIGINT) OR id < CAST(@before_id AS TEXT))
ORDER BY happened_at DESC, id DESC LIMIT CAST(@max_rows AS BIGINT);

-- name: AuditAboutBefore :many
SELECT * FROM audit
WHERE subject = CAST(@subject AS TEXT) AND happened_at <= CAST(@before_at AS BIGINT)
  AND (happened_at < CAST(@before_at AS BIGINT) OR id < CAST(@before_id AS TEXT))
ORDER BY happened_at DESC, id DESC LIMIT CAST(@max_rows AS BIGINT);

-- name: SettingValue :one
SELECT value FROM setting WHERE name = @name;

-- name: SettingPut :exec
INSERT INTO setting (name, value) VALUES (@name, @value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
