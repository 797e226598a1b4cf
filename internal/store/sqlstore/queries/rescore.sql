-- name: RescoreCreate :exec
INSERT INTO rescore (
    id, course_key, block_type, block_id, account_id, scope, only_higher, state, asked_by, asked_at, finished_at, due_at,
    cursor_account, cursor_scope, seen, raised, lowered, failed, cells, applied
) VALUES (
    @id, @course_key, @block_type, @block_id, @account_id, @scope, @only_higher, 'preview', @asked_by, @asked_at, 0,
    CAST(@due_at AS BIGINT), '', '', 0, 0, 0, 0, 0, 0
);

-- name: RescoreByID :one
SELECT * FROM rescore WHERE id = @id;

-- name: RescoreList :many
SELECT * FROM rescore WHERE course_key = @course_key ORDER BY asked_at DESC, id DESC LIMIT CAST(@max_rows AS BIGINT);

-- name: RescoreDue :one
SELECT * FROM rescore WHERE due_at <= CAST(@now AS BIGINT) ORDER BY due_at LIMIT 1;

-- name: RescoreClaim :execrows
UPDATE rescore SET due_at = CAST(@until AS BIGINT) WHERE id = @id AND due_at = CAST(@seen_due AS BIGINT);

-- name: RescoreSave :execrows
-- Only for who holds the claim: due_at is still what it was set to.
UPDATE rescore SET
    state = @state, finished_at = @finished_at, due_at = @due_at, cursor_account = @cursor_account,
    cursor_scope = @cursor_scope, seen = @seen, raised = @raised, lowered = @lowered, failed = @failed, cells = @cells,
    applied = @applied
WHERE id = @id AND due_at = CAST(@claimed AS BIGINT);

-- name: RescoreMove :execrows
UPDATE rescore SET
    state = @state, due_at = @due_at, cursor_account = '', cursor_scope = '', finished_at = @finished_at
WHERE id = @id AND state = @from_state;

-- name: RescoreRowPut :exec
INSERT INTO rescore_row (
    rescore_id, account_id, scope, old_earned, old_possible, new_earned, new_possible, outcome, detail
) VALUES (
    @rescore_id, @account_id, @scope, @old_earned, @old_possible, @new_earned, @new_possible, @outcome, @detail
)
ON CONFLICT (rescore_id, account_id, scope) DO UPDATE SET
    old_earned = excluded.old_earned, old_possible = excluded.old_possible, new_earned = excluded.new_earned,
    new_possible = excluded.new_possible, outcome = excluded.outcome, detail = excluded.detail;

-- name: RescoreRows :many
SELECT rescore_row.*, account.username FROM rescore_row JOIN account ON account.id = rescore_row.account_id
WHERE rescore_row.rescore_id = @rescore_id
  AND rescore_row.account_id >= CAST(@after_account AS TEXT)
  AND (rescore_row.account_id > CAST(@after_account AS TEXT) OR rescore_row.scope > CAST(@after_scope AS TEXT))
ORDER BY rescore_row.account_id, rescore_row.scope
LIMIT CAST(@max_rows AS BIGINT);
