-- name: Owe :exec
-- Owe raises what is wanted; owed.go has the rules in words.
INSERT INTO owed_score (
    id, target_id, wanted_version, delivered_version, state, attempts, first_change_at, next_at, due_at,
    again_at, again_next_at, lease_until, lease_by, last_error, last_score, delivered_at
) VALUES (
    @id, @target_id, 1, 0, 'waiting', 0, @at, @next_at, @next_at, 0, 0, 0, '', '', NULL, 0
)
ON CONFLICT (target_id) DO UPDATE SET
    wanted_version = owed_score.wanted_version + 1,
    attempts = 0,
    state = CASE WHEN owed_score.state = 'sending' THEN 'sending' ELSE 'waiting' END,
    first_change_at = CASE WHEN owed_score.state IN ('delivered', 'parked')
        THEN excluded.first_change_at ELSE owed_score.first_change_at END,
    next_at = CASE
        WHEN owed_score.state = 'sending' THEN owed_score.next_at
        WHEN owed_score.state IN ('waiting', 'retrying') AND owed_score.next_at < excluded.next_at
            THEN owed_score.next_at
        ELSE excluded.next_at END,
    due_at = CASE
        WHEN owed_score.state = 'sending' THEN owed_score.due_at
        WHEN owed_score.state IN ('waiting', 'retrying') AND owed_score.next_at < excluded.next_at
            THEN owed_score.next_at
        ELSE excluded.next_at END,
    again_at = CASE
        WHEN owed_score.state <> 'sending' THEN 0
        WHEN owed_score.again_at = 0 THEN excluded.first_change_at
        ELSE owed_score.again_at END,
    again_next_at = CASE
        WHEN owed_score.state <> 'sending' THEN 0
        WHEN owed_score.again_at = 0 OR excluded.next_at < owed_score.again_next_at THEN excluded.next_at
        ELSE owed_score.again_next_at END;

-- name: OwedSettle :execrows
-- OwedSettle says of a target that nothing is owed to it.
INSERT INTO owed_score (
    id, target_id, wanted_version, delivered_version, state, attempts, first_change_at, next_at, due_at,
    again_at, again_next_at, lease_until, lease_by, last_error, last_score, delivered_at
) VALUES (
    @id, @target_id, 1, 1, 'delivered', 0, @at, 0, NULL, 0, 0, 0, '', '', NULL, 0
)
ON CONFLICT DO NOTHING;

-- name: OwedClaim :many
WITH due AS (
    SELECT owed_score.id FROM owed_score WHERE owed_score.due_at <= CAST(@now AS BIGINT)
    ORDER BY owed_score.due_at LIMIT CAST(@max_rows AS BIGINT)
    FOR UPDATE SKIP LOCKED
)
UPDATE owed_score SET
    state = 'sending', lease_by = @lease_by, lease_until = CAST(@lease_until AS BIGINT), due_at = CAST(@lease_until AS BIGINT),
    again_at = 0, again_next_at = 0
WHERE owed_score.id IN (SELECT due.id FROM due)
RETURNING owed_score.id;

-- name: OwedClaimed :many
SELECT sqlc.embed(owed_score), sqlc.embed(grade_target)
FROM owed_score JOIN grade_target ON grade_target.id = owed_score.target_id
WHERE owed_score.due_at = CAST(@lease_until AS BIGINT) AND owed_score.lease_by = @lease_by
ORDER BY owed_score.next_at, owed_score.id;

-- name: OwedHeld :one
SELECT * FROM owed_score
WHERE id = @id AND state = 'sending' AND lease_by = @lease_by
  AND (CAST(@lease_until AS BIGINT) = 0 OR lease_until = @lease_until)
FOR UPDATE;

-- name: OwedSet :exec
UPDATE owed_score SET
    delivered_version = @delivered_version, state = @state, attempts = @attempts,
    first_change_at = @first_change_at, next_at = @next_at, due_at = @due_at, again_at = 0, again_next_at = 0,
    lease_until = 0, lease_by = '', last_error = @last_error, last_score = @last_score, delivered_at = @delivered_at
WHERE id = @id;

-- name: OwedRevive :execrows
UPDATE owed_score SET
    wanted_version = CASE WHEN state = 'sending' THEN wanted_version + 1 ELSE wanted_version END,
    attempts = CASE WHEN state = 'sending' THEN attempts ELSE 0 END,
    again_at = CASE WHEN state <> 'sending' THEN 0 WHEN again_at = 0 THEN CAST(@at AS BIGINT) ELSE again_at END,
    again_next_at = CASE WHEN state = 'sending' THEN CAST(@at AS BIGINT) ELSE 0 END,
    first_change_at = CASE WHEN state = 'sending' THEN first_change_at ELSE CAST(@at AS BIGINT) END,
    next_at = CASE WHEN state = 'sending' THEN next_at ELSE CAST(@at AS BIGINT) END,
    due_at = CASE WHEN state = 'sending' THEN due_at ELSE CAST(@at AS BIGINT) END,
    state = CASE WHEN state = 'sending' THEN 'sending' ELSE 'waiting' END
WHERE target_id = @target_id AND state IN ('parked', 'sending');

-- name: OwedHurry :execrows
UPDATE owed_score SET next_at = CAST(@now AS BIGINT), due_at = CAST(@now AS BIGINT)
WHERE due_at > CAST(@now AS BIGINT)
  AND (state = 'retrying' OR (state = 'waiting' AND CAST(@put_off AS BIGINT) = 1))
  AND EXISTS (
    SELECT 1 FROM grade_target WHERE grade_target.id = owed_score.target_id
    AND SUBSTR(grade_target.service_url, 1, CAST(@letters AS INTEGER)) = CAST(@origin AS TEXT)
);

-- name: OwedTurnBack :execrows
UPDATE owed_score SET
    first_change_at = CASE WHEN first_change_at > CAST(@now AS BIGINT) THEN CAST(@now AS BIGINT) ELSE first_change_at END,
    next_at = CAST(@now AS BIGINT), due_at = CAST(@now AS BIGINT)
WHERE state IN ('waiting', 'retrying')
  AND (first_change_at > CAST(@ahead AS BIGINT) OR due_at > CAST(@furthest AS BIGINT));

-- name: OwedTurnBackLeases :execrows
UPDATE owed_score SET lease_until = CAST(@lease AS BIGINT), due_at = CAST(@lease AS BIGINT)
WHERE state = 'sending' AND lease_by <> @lease_by AND lease_until > CAST(@longest AS BIGINT);

-- name: OwedNextDue :one
SELECT due_at FROM owed_score WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1;

-- name: OwedBacklog :many
SELECT state, COUNT(*) AS n, CAST(MIN(first_change_at) AS BIGINT) AS oldest FROM owed_score
WHERE state IN ('waiting', 'sending', 'retrying', 'parked')
GROUP BY state;

-- Selecting scores: one text in four queries, which a test compares. Empty
-- filters select all. The order in a filter matters, see narrowed in
-- sqliteconn.go.

-- name: OwedResend :execrows
UPDATE owed_score SET
    attempts = 0,
    wanted_version = CASE WHEN state = 'sending' THEN wanted_version + 1 ELSE wanted_version END,
    again_at = CASE WHEN state = 'sending' THEN CAST(@at AS BIGINT) ELSE 0 END,
    again_next_at = CASE WHEN state = 'sending' THEN CAST(@at AS BIGINT) ELSE 0 END,
    first_change_at = CASE WHEN state IN ('delivered', 'parked') THEN CAST(@at AS BIGINT) ELSE first_change_at END,
    next_at = CASE WHEN state = 'sending' THEN next_at ELSE CAST(@at AS BIGINT) END,
    due_at = CASE WHEN state = 'sending' THEN due_at ELSE CAST(@at AS BIGINT) END,
    state = CASE WHEN state = 'sending' THEN 'sending' ELSE 'waiting' END
WHERE id IN (
  SELECT o.id FROM owed_score AS o JOIN grade_target AS t ON t.id = o.target_id
  LEFT JOIN score_check AS k ON k.target_id = t.id
  WHERE (CAST(@state AS TEXT) = '' OR o.state = @state)
  AND ('' = CAST(@consumer_id AS TEXT) OR t.consumer_id = @consumer_id)
  AND ('' = CAST(@course_key AS TEXT) OR t.course_key = @course_key)
  AND (CAST(@account_id AS TEXT) = '' OR t.account_id = @account_id)
  AND (CAST(@link_key AS TEXT) = '' OR t.link_key = @link_key OR t.usage_key = @link_key)
  AND (CAST(@learner AS TEXT) = '' OR t.account_id IN (
    SELECT account.id FROM account WHERE account.id = @learner OR account.username_folded = CAST(@learner_folded AS TEXT)
    UNION SELECT account_link.account_id FROM account_link WHERE account_link.lti_user_id = @learner))
  AND ('' = CAST(@verdict AS TEXT) OR k.verdict = @verdict
    OR (@verdict = 'wrong' AND k.verdict IN ('missing', 'differs')))
  ORDER BY o.id LIMIT CAST(@max_rows AS BIGINT)
);

-- name: OwedResendOne :execrows
UPDATE owed_score SET
    attempts = 0,
    wanted_version = CASE WHEN state = 'sending' THEN wanted_version + 1 ELSE wanted_version END,
    again_at = CASE WHEN state = 'sending' THEN CAST(@at AS BIGINT) ELSE 0 END,
    again_next_at = CASE WHEN state = 'sending' THEN CAST(@at AS BIGINT) ELSE 0 END,
    first_change_at = CASE WHEN state IN ('delivered', 'parked') THEN CAST(@at AS BIGINT) ELSE first_change_at END,
    next_at = CASE WHEN state = 'sending' THEN next_at ELSE CAST(@at AS BIGINT) END,
    due_at = CASE WHEN state = 'sending' THEN due_at ELSE CAST(@at AS BIGINT) END,
    state = CASE WHEN state = 'sending' THEN 'sending' ELSE 'waiting' END
WHERE id IN (SELECT o.id FROM owed_score AS o WHERE o.id = @id
    UNION SELECT o.id FROM owed_score AS o WHERE o.target_id = @id);

-- name: OwedList :many
SELECT sqlc.embed(o), sqlc.embed(t), consumer.name AS consumer_name, account.username,
    CAST(COALESCE((
        SELECT account_link.lti_user_id FROM account_link
        WHERE account_link.account_id = t.account_id
          AND account_link.consumer_id = t.consumer_id
        ORDER BY account_link.created_at DESC, account_link.lti_user_id LIMIT 1
    ), '') AS TEXT) AS lti_user_id,
    CAST(CASE WHEN k.due_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS check_due,
    CAST(COALESCE(k.checked_at, 0) AS BIGINT) AS checked_at,
    CAST(COALESCE(k.verdict, '') AS TEXT) AS verdict, k.here, k.there,
    CAST(COALESCE(k.said, '') AS TEXT) AS said, CAST(COALESCE(k.reason, '') AS TEXT) AS check_reason
FROM owed_score AS o
JOIN grade_target AS t ON t.id = o.target_id
JOIN consumer ON consumer.id = t.consumer_id
JOIN account ON account.id = t.account_id
LEFT JOIN score_check AS k ON k.target_id = t.id
WHERE (CAST(@state AS TEXT) = '' OR o.state = @state)
  AND ('' = CAST(@consumer_id AS TEXT) OR t.consumer_id = @consumer_id)
  AND ('' = CAST(@course_key AS TEXT) OR t.course_key = @course_key)
  AND (CAST(@account_id AS TEXT) = '' OR t.account_id = @account_id)
  AND (CAST(@link_key AS TEXT) = '' OR t.link_key = @link_key OR t.usage_key = @link_key)
  AND (CAST(@learner AS TEXT) = '' OR t.account_id IN (
    SELECT account.id FROM account WHERE account.id = @learner OR account.username_folded = CAST(@learner_folded AS TEXT)
    UNION SELECT account_link.account_id FROM account_link WHERE account_link.lti_user_id = @learner))
  AND ('' = CAST(@verdict AS TEXT) OR k.verdict = @verdict
    OR (@verdict = 'wrong' AND k.verdict IN ('missing', 'differs')))
  AND o.first_change_at <= CAST(@before_at AS BIGINT)
  AND (o.first_change_at < CAST(@before_at AS BIGINT) OR o.id < CAST(@before_id AS TEXT))
ORDER BY o.first_change_at DESC, o.id DESC
LIMIT CAST(@max_rows AS BIGINT);

-- name: UnowedList :many
-- UnowedList goes on where OwedList ends: places in gradebooks that nothing was
-- ever owed to, the youngest first.
SELECT sqlc.embed(t), consumer.name AS consumer_name, account.username,
    CAST(COALESCE((
        SELECT account_link.lti_user_id FROM account_link
        WHERE account_link.account_id = t.account_id
          AND account_link.consumer_id = t.consumer_id
        ORDER BY account_link.created_at DESC, account_link.lti_user_id LIMIT 1
    ), '') AS TEXT) AS lti_user_id,
    CAST(CASE WHEN k.due_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS check_due,
    CAST(COALESCE(k.checked_at, 0) AS BIGINT) AS checked_at,
    CAST(COALESCE(k.verdict, '') AS TEXT) AS verdict, k.here, k.there,
    CAST(COALESCE(k.said, '') AS TEXT) AS said, CAST(COALESCE(k.reason, '') AS TEXT) AS check_reason
FROM grade_target AS t
JOIN consumer ON consumer.id = t.consumer_id
JOIN account ON account.id = t.account_id
LEFT JOIN score_check AS k ON k.target_id = t.id
WHERE NOT EXISTS (SELECT 1 FROM owed_score AS o WHERE o.target_id = t.id)
  AND ('' = CAST(@consumer_id AS TEXT) OR t.consumer_id = @consumer_id)
  AND ('' = CAST(@course_key AS TEXT) OR t.course_key = @course_key)
  AND (CAST(@account_id AS TEXT) = '' OR t.account_id = @account_id)
  AND (CAST(@link_key AS TEXT) = '' OR t.link_key = @link_key OR t.usage_key = @link_key)
  AND (CAST(@learner AS TEXT) = '' OR t.account_id IN (
    SELECT account.id FROM account WHERE account.id = @learner OR account.username_folded = CAST(@learner_folded AS TEXT)
    UNION SELECT account_link.account_id FROM account_link WHERE account_link.lti_user_id = @learner))
  AND ('' = CAST(@verdict AS TEXT) OR k.verdict = @verdict
    OR (@verdict = 'wrong' AND k.verdict IN ('missing', 'differs')))
  AND t.id < CAST(@before_id AS TEXT)
ORDER BY t.id DESC
LIMIT CAST(@max_rows AS BIGINT);

-- name: OwedRow :one
SELECT sqlc.embed(o), sqlc.embed(t), consumer.name AS consumer_name, account.username,
    CAST(COALESCE((
        SELECT account_link.lti_user_id FROM account_link
        WHERE account_link.account_id = t.account_id
          AND account_link.consumer_id = t.consumer_id
        ORDER BY account_link.created_at DESC, account_link.lti_user_id LIMIT 1
    ), '') AS TEXT) AS lti_user_id,
    CAST(CASE WHEN k.due_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS check_due,
    CAST(COALESCE(k.checked_at, 0) AS BIGINT) AS checked_at,
    CAST(COALESCE(k.verdict, '') AS TEXT) AS verdict, k.here, k.there,
    CAST(COALESCE(k.said, '') AS TEXT) AS said, CAST(COALESCE(k.reason, '') AS TEXT) AS check_reason
FROM owed_score AS o
JOIN grade_target AS t ON t.id = o.target_id
JOIN consumer ON consumer.id = t.consumer_id
JOIN account ON account.id = t.account_id
LEFT JOIN score_check AS k ON k.target_id = t.id
WHERE o.id IN (SELECT a.id FROM owed_score AS a WHERE a.id = @id
    UNION SELECT b.id FROM owed_score AS b WHERE b.target_id = @id);

-- name: UnowedRow :one
SELECT sqlc.embed(t), consumer.name AS consumer_name, account.username,
    CAST(COALESCE((
        SELECT account_link.lti_user_id FROM account_link
        WHERE account_link.account_id = t.account_id
          AND account_link.consumer_id = t.consumer_id
        ORDER BY account_link.created_at DESC, account_link.lti_user_id LIMIT 1
    ), '') AS TEXT) AS lti_user_id,
    CAST(CASE WHEN k.due_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS check_due,
    CAST(COALESCE(k.checked_at, 0) AS BIGINT) AS checked_at,
    CAST(COALESCE(k.verdict, '') AS TEXT) AS verdict, k.here, k.there,
    CAST(COALESCE(k.said, '') AS TEXT) AS said, CAST(COALESCE(k.reason, '') AS TEXT) AS check_reason
FROM grade_target AS t
JOIN consumer ON consumer.id = t.consumer_id
JOIN account ON account.id = t.account_id
LEFT JOIN score_check AS k ON k.target_id = t.id
WHERE t.id = @id;

-- name: OwedBacklogOf :many
SELECT o.state, COUNT(*) AS n, CAST(MIN(o.first_change_at) AS BIGINT) AS oldest
FROM owed_score AS o JOIN grade_target AS t ON t.id = o.target_id
WHERE o.state IN ('waiting', 'sending', 'retrying', 'parked') AND t.consumer_id = @consumer_id
GROUP BY o.state;

-- name: OwedByLink :one
SELECT owed_score.* FROM owed_score JOIN grade_target ON grade_target.id = owed_score.target_id
WHERE grade_target.consumer_id = @consumer_id AND grade_target.account_id = @account_id
  AND grade_target.link_key = @link_key;

-- name: AttemptAppend :execrows
INSERT INTO score_attempt (id, owed_id, tried_at, took, version, score, class, status, detail)
VALUES (@id, @owed_id, @tried_at, @took, @version, @score, @class, @status, @detail)
ON CONFLICT DO NOTHING;

-- name: AttemptList :many
SELECT * FROM score_attempt WHERE owed_id = @owed_id ORDER BY tried_at DESC, id DESC;

-- name: OwedReviveLink :exec
UPDATE owed_score SET
    state = 'waiting', attempts = 0, first_change_at = @at, next_at = @at, due_at = @at
WHERE state = 'parked' AND target_id = (
    SELECT grade_target.id FROM grade_target
    WHERE grade_target.consumer_id = @consumer_id AND grade_target.account_id = @account_id
      AND grade_target.link_key = @link_key
);
