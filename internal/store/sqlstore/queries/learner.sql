-- name: StateGet :one
SELECT * FROM learner_state
WHERE account_id = @account_id AND course_key = @course_key AND scope = @scope
  AND block_type = @block_type AND block_id = @block_id;

-- name: StateList :many
SELECT * FROM learner_state
WHERE account_id = @account_id AND course_key = @course_key AND scope = @scope;

-- name: StateInsert :execrows
INSERT INTO learner_state (
    account_id, scope, course_key, block_type, block_id, version, state, answered, earned, possible, updated_at,
    given
) VALUES (
    @account_id, @scope, @course_key, @block_type, @block_id, 1, @state, @answered, @earned, @possible, @updated_at,
    @given
)
ON CONFLICT DO NOTHING;

-- name: StateUpdate :execrows
UPDATE learner_state SET
    version = version + 1, state = @state, answered = @answered, earned = @earned, possible = @possible,
    updated_at = @updated_at, given = @given
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

-- name: StateScopes :many
SELECT DISTINCT scope FROM learner_state WHERE account_id = @account_id AND course_key = @course_key ORDER BY scope;

-- name: StatesOfBlock :many
SELECT account_id, scope FROM learner_state
WHERE course_key = @course_key AND block_type = @block_type AND block_id = @block_id
  AND account_id >= CAST(@after_account AS TEXT)
  AND (account_id > CAST(@after_account AS TEXT) OR scope > CAST(@after_scope AS TEXT))
ORDER BY account_id, scope
LIMIT CAST(@max_rows AS BIGINT);

-- name: MemberSeen :exec
INSERT INTO context_member (lms_context_id, account_id, staff, since)
VALUES (
    COALESCE((SELECT placement.lms_context_id FROM placement WHERE placement.id = @placement_id), ''),
    @account_id, @staff, @since
)
ON CONFLICT (lms_context_id, account_id) DO UPDATE SET staff = excluded.staff
WHERE context_member.staff <> excluded.staff;

-- name: MemberList :many
-- Learners of an LMS's course with who they are there.
SELECT context_member.account_id, context_member.since, account.username, account.name, account.kind,
    CAST(COALESCE((SELECT MIN(account_link.lti_user_id) FROM account_link
        WHERE account_link.account_id = context_member.account_id
          AND account_link.consumer_id = placement.consumer_id), '') AS TEXT) AS lti_user_id
FROM placement
JOIN context_member ON context_member.lms_context_id = placement.lms_context_id
JOIN account ON account.id = context_member.account_id
WHERE placement.id = @placement_id AND context_member.staff = FALSE
  AND context_member.account_id > CAST(@after_account AS TEXT)
ORDER BY context_member.account_id
LIMIT CAST(@max_rows AS BIGINT);

-- name: MemberCount :one
SELECT COUNT(*) FROM placement JOIN context_member ON context_member.lms_context_id = placement.lms_context_id
WHERE placement.id = @placement_id AND context_member.staff = FALSE;

-- name: MemberStates :many
-- What the learners of an LMS's course did with one block: one look-up each.
SELECT learner_state.* FROM placement
JOIN context_member ON context_member.lms_context_id = placement.lms_context_id
JOIN learner_state ON learner_state.account_id = context_member.account_id
WHERE placement.id = @placement_id AND context_member.staff = FALSE
  AND context_member.account_id > CAST(@after_account AS TEXT)
  AND learner_state.course_key = @course_key AND learner_state.scope = @scope
  AND learner_state.block_type = @block_type AND learner_state.block_id = @block_id
ORDER BY learner_state.account_id
LIMIT CAST(@max_rows AS BIGINT);

-- name: MemberOf :one
SELECT COUNT(*) FROM context_member JOIN placement ON placement.lms_context_id = context_member.lms_context_id
WHERE context_member.account_id = @account_id AND placement.course_key = @course_key;

-- name: MergeMembers :exec
UPDATE context_member SET account_id = @into_id
WHERE context_member.account_id = @from_id AND NOT EXISTS (
    SELECT 1 FROM context_member AS other
    WHERE other.account_id = @into_id AND other.lms_context_id = context_member.lms_context_id
);
