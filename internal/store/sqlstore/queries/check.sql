-- name: CheckAsk :execrows
INSERT INTO score_check (
    target_id, asked_at, asked_by, repair, due_at, lease_by, tries, checked_at, verdict, here, there, said, reason
)
SELECT o.target_id, CAST(@at AS BIGINT), CAST(@asked_by AS TEXT), CAST(@repair AS BOOLEAN), CAST(@at AS BIGINT),
    '', 0, 0, '', NULL, NULL, '', ''
FROM owed_score AS o JOIN grade_target AS t ON t.id = o.target_id
LEFT JOIN score_check AS k ON k.target_id = o.target_id
WHERE (CAST(@consumer_id AS TEXT) = '' OR t.consumer_id = @consumer_id)
  AND (CAST(@course_key AS TEXT) = '' OR t.course_key = @course_key)
  AND (CAST(@account_id AS TEXT) = '' OR t.account_id = @account_id)
  AND (CAST(@link_key AS TEXT) = '' OR t.link_key = @link_key OR t.usage_key = @link_key)
  AND (CAST(@learner AS TEXT) = '' OR t.account_id = @learner
    OR EXISTS (SELECT 1 FROM account WHERE account.id = t.account_id AND account.username_folded = CAST(@learner_folded AS TEXT))
    OR EXISTS (SELECT 1 FROM account_link WHERE account_link.consumer_id = t.consumer_id
        AND account_link.lti_user_id = @learner AND account_link.account_id = t.account_id))
  AND (CAST(@state AS TEXT) = '' OR o.state = @state)
  AND (CAST(@verdict AS TEXT) = '' OR k.verdict = @verdict
    OR (@verdict = 'wrong' AND k.verdict IN ('missing', 'differs')))
  AND (CAST(@id AS TEXT) = '' OR o.id = @id)
ON CONFLICT (target_id) DO UPDATE SET
    asked_at = excluded.asked_at, asked_by = excluded.asked_by, repair = excluded.repair, due_at = excluded.due_at,
    lease_by = '', tries = 0;

-- name: CheckClaim :many
WITH due AS (
    SELECT score_check.target_id FROM score_check WHERE score_check.due_at <= CAST(@now AS BIGINT)
    ORDER BY score_check.due_at, score_check.target_id LIMIT CAST(@max_rows AS BIGINT)
    FOR UPDATE SKIP LOCKED
)
UPDATE score_check SET lease_by = @lease_by, due_at = CAST(@lease_until AS BIGINT)
WHERE score_check.target_id IN (SELECT due.target_id FROM due)
RETURNING score_check.target_id;

-- name: CheckClaimed :many
SELECT sqlc.embed(score_check), sqlc.embed(grade_target), owed_score.state, owed_score.id AS owed_id
FROM score_check JOIN grade_target ON grade_target.id = score_check.target_id
JOIN owed_score ON owed_score.target_id = score_check.target_id
WHERE score_check.due_at = CAST(@lease_until AS BIGINT) AND score_check.lease_by = @lease_by
ORDER BY score_check.asked_at, score_check.target_id;

-- name: CheckFinish :execrows
UPDATE score_check SET
    due_at = NULL, lease_by = '', tries = @tries, checked_at = @checked_at, verdict = @verdict,
    here = @here, there = @there, said = @said, reason = @reason
WHERE target_id = @target_id AND lease_by = @by AND due_at = CAST(@lease_until AS BIGINT);

-- name: CheckRelease :execrows
UPDATE score_check SET due_at = CAST(@next_at AS BIGINT), lease_by = '', tries = @tries
WHERE target_id = @target_id AND lease_by = @by AND due_at = CAST(@lease_until AS BIGINT);

-- name: CheckNextDue :one
SELECT due_at FROM score_check WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1;

-- name: CheckPending :one
SELECT count(*) FROM score_check WHERE due_at IS NOT NULL;
