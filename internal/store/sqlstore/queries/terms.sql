-- name: TermList :many
-- All that changes the dates of one learner at one link, in one read: rules,
-- then allowances with their block in the place of the subject.
SELECT level, subject, CAST('' AS TEXT) AS block_id, mode, days AS amount, starts_at AS moment FROM date_rule
WHERE level = 'course' AND subject = CAST(@course_key AS TEXT)
   OR level = 'consumer' AND subject = CAST(@consumer_id AS TEXT)
   OR level = 'link' AND subject = CAST(@placement_id AS TEXT)
UNION ALL
SELECT CAST('learner' AS TEXT), block_type, block_id, CAST('' AS TEXT), attempts, extra_time FROM allowance
WHERE account_id = CAST(@account_id AS TEXT) AND course_key = CAST(@course_key AS TEXT) AND scope = CAST(@scope AS TEXT);

-- name: DateRuleGet :one
SELECT * FROM date_rule WHERE level = @level AND subject = @subject;

-- name: DateRulePut :exec
INSERT INTO date_rule (level, subject, mode, days, starts_at, set_by, set_at)
VALUES (@level, @subject, @mode, @days, @starts_at, @set_by, @set_at)
ON CONFLICT (level, subject) DO UPDATE SET
    mode = excluded.mode, days = excluded.days, starts_at = excluded.starts_at, set_by = excluded.set_by,
    set_at = excluded.set_at;

-- name: DateRuleDelete :execrows
DELETE FROM date_rule WHERE level = @level AND subject = @subject;

-- name: AllowanceList :many
SELECT * FROM allowance WHERE account_id = @account_id AND course_key = @course_key AND scope = @scope
ORDER BY block_type, block_id;

-- name: AllowancePut :exec
INSERT INTO allowance (
    account_id, scope, course_key, block_type, block_id, extra_time, attempts, why, given_by, given_at
) VALUES (
    @account_id, @scope, @course_key, @block_type, @block_id, @extra_time, @attempts, @why, @given_by, @given_at
)
ON CONFLICT (account_id, course_key, scope, block_type, block_id) DO UPDATE SET
    extra_time = excluded.extra_time, attempts = excluded.attempts, why = excluded.why,
    given_by = excluded.given_by, given_at = excluded.given_at;

-- name: AllowanceDelete :execrows
DELETE FROM allowance
WHERE account_id = @account_id AND course_key = @course_key AND scope = @scope
  AND block_type = @block_type AND block_id = @block_id;

-- name: MergeAllowances :exec
UPDATE allowance SET account_id = @into_id
WHERE allowance.account_id = @from_id AND NOT EXISTS (
    SELECT 1 FROM allowance AS other
    WHERE other.account_id = @into_id AND other.course_key = allowance.course_key AND other.scope = allowance.scope
      AND other.block_type = allowance.block_type AND other.block_id = allowance.block_id
);
