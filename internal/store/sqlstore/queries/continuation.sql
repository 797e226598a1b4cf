-- name: ContinuationCreate :execrows
INSERT INTO continuation (
    id, consumer_id, token_hash, user_agent, code_hash, tries, state, account_id, other, box, created_at, expires_at
) VALUES (
    @id, @consumer_id, @token_hash, @user_agent, @code_hash, 0, 'waiting', '', '', @box, @created_at, @expires_at
)
ON CONFLICT DO NOTHING;

-- name: ContinuationByID :one
SELECT * FROM continuation WHERE id = @id;

-- name: ContinuationTry :execrows
-- Counts a try and locks the row until the code is judged, so that tries made
-- at once are counted one by one.
UPDATE continuation SET tries = tries + 1
WHERE id = @id AND state = 'waiting' AND tries < CAST(@most AS BIGINT) AND expires_at > @now;

-- name: ContinuationOther :execrows
UPDATE continuation SET other = @other, tries = tries - 1 WHERE id = @id AND state = 'waiting' AND tries > 0;

-- name: ContinuationConfirm :execrows
UPDATE continuation SET state = 'confirmed', account_id = @account_id, other = ''
WHERE id = @id AND state = 'waiting';

-- name: ContinuationUse :execrows
UPDATE continuation SET state = 'used' WHERE id = @id AND state = 'confirmed' AND expires_at > @now;

-- name: ContinuationPrune :execrows
DELETE FROM continuation WHERE id IN (
    SELECT old.id FROM continuation AS old WHERE old.expires_at < @now
    ORDER BY old.expires_at LIMIT CAST(@max_rows AS BIGINT)
);
