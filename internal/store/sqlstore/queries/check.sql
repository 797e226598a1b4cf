-- name: CheckAsk :execrows
INSERT INTO score_check (
    target_id, asked_at, asked_by, repair, due_at, lease_by, tries, checked_at, verdict, here, there, said, reason
)
SELECT t.id, CAST(@at AS BIGINT), CAST(@asked_by AS TEXT), CAST(@repair AS BOOLEAN), CAST(@at AS BIGINT),
    '', 0, 0, '', NULL, NULL, '', ''
FROM grade_target AS t LEFT JOIN owed_score AS o ON o.target_id = t.id
LEFT JOIN score_check AS k ON k.target_id = t.id
WHERE (CAST(@state AS TEXT) = '' OR o.state = @state OR (@state = 'none' AND o.id IS NULL))
  AND ('' = CAST(@consumer_id AS TEXT) OR t.consumer_id = @consumer_id)
  AND ('' = CAST(@course_key AS TEXT) OR t.course_key = @course_key)
  AND (CAST(@account_id AS TEXT) = '' OR t.account_id = @account_id)
  AND (CAST(@link_key AS TEXT) = '' OR t.link_key = @link_key OR t.usage_key = @link_key)
  AND (CAST(@learner AS TEXT) = '' OR t.account_id IN (
    SELECT account.id FROM account WHERE account.id = @learner OR account.username_folded = CAST(@learner_folded AS TEXT)
    UNION SELECT account_link.account_id FROM account_link WHERE account_link.lti_user_id = @learner))
  AND ('' = CAST(@verdict AS TEXT) OR k.verdict = @verdict
    OR (@verdict = 'wrong' AND k.verdict IN ('missing', 'differs')))
ON CONFLICT (target_id) DO UPDATE SET
    asked_at = excluded.asked_at, asked_by = excluded.asked_by, repair = excluded.repair, due_at = excluded.due_at,
    lease_by = '', tries = 0;

-- name: CheckAskOne :execrows
INSERT INTO score_check (
    target_id, asked_at, asked_by, repair, due_at, lease_by, tries, checked_at, verdict, here, there, said, reason
)
SELECT t.id, CAST(@at AS BIGINT), CAST(@asked_by AS TEXT), CAST(@repair AS BOOLEAN), CAST(@at AS BIGINT),
    '', 0, 0, '', NULL, NULL, '', ''
FROM grade_target AS t
WHERE t.id IN (SELECT a.id FROM grade_target AS a WHERE a.id = @id
    UNION SELECT o.target_id FROM owed_score AS o WHERE o.id = @id)
ON CONFLICT (target_id) DO UPDATE SET
    asked_at = excluded.asked_at, asked_by = excluded.asked_by, repair = excluded.repair, due_at = excluded.due_at,
    lease_by = '', tries = 0;

-- name: CheckClaim :many
WITH due AS (
    SELECT score_check.target_id FROM score_check WHERE score_check.due_at <= CAST(@now AS BIGINT)
    ORDER BY score_check.due_at LIMIT CAST(@max_rows AS BIGINT)
    FOR UPDATE SKIP LOCKED
)
UPDATE score_check SET lease_by = @lease_by, due_at = CAST(@lease_until AS BIGINT)
WHERE score_check.target_id IN (SELECT due.target_id FROM due)
RETURNING score_check.target_id;

-- name: CheckClaimed :many
SELECT sqlc.embed(score_check), sqlc.embed(grade_target),
    CAST(COALESCE(owed_score.state, 'none') AS TEXT) AS state, CAST(COALESCE(owed_score.id, '') AS TEXT) AS owed_id,
    owed_score.last_score
FROM score_check JOIN grade_target ON grade_target.id = score_check.target_id
LEFT JOIN owed_score ON owed_score.target_id = score_check.target_id
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
