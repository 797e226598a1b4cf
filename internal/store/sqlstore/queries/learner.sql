-- name: StateGet :one
SELECT * FROM learner_state
WHERE account_id = @account_id AND course_key = @course_key AND scope = @scope
  AND block_type = @block_type AND block_id = @block_id;

-- name: StateList :many
SELECT * FROM learner_state
WHERE account_id = @account_id AND course_key = @course_key AND scope = @scope;

-- name: StateInsert :execrows
INSERT INTO learner_state (
    account_id, scope, course_key, block_type, block_id, version, state, answered, earned, possible, updated_at
) VALUES (
    @account_id, @scope, @course_key, @block_type, @block_id, 1, @state, @answered, @earned, @possible, @updated_at
)
ON CONFLICT DO NOTHING;

-- name: StateUpdate :execrows
UPDATE learner_state SET
    version = version + 1, state = @state, answered = @answered, earned = @earned, possible = @possible,
    updated_at = @updated_at
WHERE account_id = @account_id AND course_key = @course_key AND scope = @scope
  AND block_type = @block_type AND block_id = @block_id AND version = @version;

-- name: ScoreAppend :execrows
INSERT INTO score_event (
    id, account_id, scope, course_key, block_type, block_id, happened_at, earned, possible, why
) VALUES (
    @id, @account_id, @scope, @course_key, @block_type, @block_id, @happened_at, @earned, @possible, @why
)
ON CONFLICT DO NOTHING;

-- name: ScoreList :many
SELECT * FROM score_event
WHERE account_id = @account_id AND course_key = @course_key AND scope = @scope
  AND block_type = @block_type AND block_id = @block_id
ORDER BY happened_at, id;
