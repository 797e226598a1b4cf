-- name: BoxSecrets :many
SELECT consumer_id, slot, box FROM consumer_secret ORDER BY consumer_id, slot;

-- name: BoxSecretReplace :execrows
UPDATE consumer_secret SET box = @fresh WHERE consumer_id = @consumer_id AND slot = @slot AND box = @box;

-- name: BoxContinuations :many
SELECT id, box FROM continuation ORDER BY id;

-- name: BoxContinuationReplace :execrows
UPDATE continuation SET box = @fresh WHERE id = @id AND box = @box;
