-- name: SelectionCreate :execrows
INSERT INTO selection (id, consumer_id, token_hash, user_agent, box, created_at, opened_at, expires_at)
VALUES (@id, @consumer_id, @token_hash, @user_agent, @box, @created_at, 0, @expires_at)
ON CONFLICT DO NOTHING;

-- name: SelectionByID :one
SELECT * FROM selection WHERE id = @id;

-- name: SelectionOpen :execrows
UPDATE selection SET opened_at = @opened_at WHERE id = @id AND opened_at = 0;

-- name: SelectionRenew :execrows
UPDATE selection SET token_hash = @token_hash WHERE id = @id AND opened_at = 0;

-- name: SelectionPrune :execrows
DELETE FROM selection WHERE id IN (
    SELECT old.id FROM selection AS old WHERE old.expires_at < @now
    ORDER BY old.expires_at LIMIT CAST(@max_rows AS BIGINT)
);
