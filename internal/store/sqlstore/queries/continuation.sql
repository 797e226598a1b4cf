-- name: ContinuationCreate :execrows
INSERT INTO continuation (
    id, consumer_id, token_hash, user_agent, code_hash, tries, state, account_id, other, box, created_at, expires_at
) VALUES (
    @id, @consumer_id, @token_hash, @user_agent, @code_hash, 0, 'waiting', '', '', @box, @created_at, @expires_at
)
ON CONFLICT DO NOTHING;

-- name: ContinuationByID :one
SELECT * FROM continuation WHERE id = @id;

-- name: ContinuationWrong :execrows
-- Counts a wrong code in one statement, so that tries made at once all count.
UPDATE continuation SET
    tries = tries + 1,
    state = CASE WHEN tries + 1 >= CAST(@most AS BIGINT) THEN 'dead' ELSE state END
WHERE id = @id AND state = 'waiting';

-- name: ContinuationOther :execrows
UPDATE continuation SET other = @other WHERE id = @id AND state = 'waiting';

-- name: ContinuationConfirm :execrows
UPDATE continuation SET state = 'confirmed', account_id = @account_id, other = ''
WHERE id = @id AND state = 'waiting' AND tries < CAST(@most AS BIGINT) AND expires_at > @now;

-- name: ContinuationUse :execrows
UPDATE continuation SET state = 'used' WHERE id = @id AND state = 'confirmed' AND expires_at > @now;

-- name: ContinuationPrune :execrows
DELETE FROM continuation WHERE id IN (
    SELECT old.id FROM continuation AS old WHERE old.expires_at < @now
    ORDER BY old.expires_at LIMIT CAST(@max_rows AS BIGINT)
);
