-- name: AccountByIdentity :one
SELECT account.* FROM account JOIN account_identity ON account_identity.account_id = account.id
WHERE account_identity.issuer = @issuer AND account_identity.subject = @subject;

-- name: IdentityCreate :execrows
INSERT INTO account_identity (issuer, subject, account_id, email, created_at)
VALUES (@issuer, @subject, @account_id, @email, @created_at)
ON CONFLICT DO NOTHING;

-- name: IdentityList :many
SELECT * FROM account_identity WHERE account_id = @account_id ORDER BY created_at, issuer, subject;

-- name: IdentityDelete :execrows
DELETE FROM account_identity WHERE account_id = @account_id AND issuer = @issuer AND subject = @subject;

-- name: HistoryStates :many
SELECT * FROM learner_state WHERE account_id = @account_id
ORDER BY course_key, scope, block_type, block_id;

-- name: HistoryEvents :many
SELECT * FROM score_event WHERE account_id = @account_id ORDER BY happened_at, id;

-- name: HistoryTargets :many
SELECT * FROM grade_target WHERE account_id = @account_id ORDER BY course_key, usage_key, id;

-- name: AuditAbout :many
SELECT * FROM audit WHERE subject = @subject ORDER BY happened_at DESC, id DESC LIMIT CAST(@max_rows AS BIGINT);

-- name: AuditForget :exec
UPDATE audit SET before = '', after = '' WHERE subject = @subject;

-- name: MergeStates :execrows
UPDATE learner_state SET account_id = @into_id
WHERE learner_state.account_id = @from_id AND NOT EXISTS (
    SELECT 1 FROM learner_state AS other
    WHERE other.account_id = @into_id AND other.course_key = learner_state.course_key
      AND other.scope = learner_state.scope AND other.block_type = learner_state.block_type
      AND other.block_id = learner_state.block_id
);

-- name: MergeEvents :execrows
-- The history of a block stays with its state.
UPDATE score_event SET account_id = @into_id
WHERE score_event.account_id = @from_id AND NOT EXISTS (
    SELECT 1 FROM learner_state AS kept
    WHERE kept.account_id = @from_id AND kept.course_key = score_event.course_key
      AND kept.scope = score_event.scope AND kept.block_type = score_event.block_type
      AND kept.block_id = score_event.block_id
);

-- name: MergeTargets :execrows
UPDATE grade_target SET account_id = @into_id
WHERE grade_target.account_id = @from_id AND NOT EXISTS (
    SELECT 1 FROM grade_target AS other
    WHERE other.account_id = @into_id AND other.consumer_id = grade_target.consumer_id
      AND other.link_key = grade_target.link_key
);

-- name: MergeTargetsLeft :execrows
-- The cell belongs to the other account now: nothing more is sent from here.
UPDATE grade_target SET refused = @refused WHERE account_id = @from_id;

-- name: MergeLinks :execrows
UPDATE account_link SET account_id = @into_id, how = @how, created_at = @created_at, previous_account_id = @from_id
WHERE account_id = @from_id;

-- name: MergeIdentities :exec
UPDATE account_identity SET account_id = @into_id WHERE account_id = @from_id;

-- name: LaunchesOfAccountDelete :exec
DELETE FROM launch_session WHERE account_id = @account_id;

-- name: TargetsOfAccountDelete :exec
DELETE FROM grade_target WHERE account_id = @account_id;

-- name: StatesOfAccountDelete :exec
DELETE FROM learner_state WHERE account_id = @account_id;

-- name: EventsOfAccountDelete :exec
DELETE FROM score_event WHERE account_id = @account_id;

-- name: LinksOfAccountDelete :exec
DELETE FROM account_link WHERE account_id = @account_id;

-- name: AccountDelete :execrows
DELETE FROM account WHERE id = @id;
