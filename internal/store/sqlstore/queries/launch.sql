-- name: SessionByID :one
SELECT * FROM launch_session WHERE id = @id;

-- name: SessionCreate :execrows
INSERT INTO launch_session (
    id, consumer_id, account_id, placement_id, course_key, usage_key, scope, staff, return_url, locale, query,
    token_hash, handle_hash, handle_until, user_agent, created_at, seen_at, expires_at, score_host
) VALUES (
    @id, @consumer_id, @account_id, @placement_id, @course_key, @usage_key, @scope, @staff, @return_url, @locale, @query,
    @token_hash, @handle_hash, @handle_until, @user_agent, @created_at, @seen_at, @expires_at,
    @score_host
)
ON CONFLICT DO NOTHING;

-- name: SessionRedeem :execrows
UPDATE launch_session SET handle_hash = NULL, token_hash = @token_hash
WHERE id = @id AND handle_hash = @handle_hash AND handle_until > @now;

-- name: SessionRehandle :execrows
UPDATE launch_session SET handle_hash = @handle_hash, token_hash = @token_hash, handle_until = @handle_until
WHERE id = @id AND handle_hash IS NOT NULL;

-- name: SessionSeen :execrows
UPDATE launch_session SET seen_at = @seen_at WHERE id = @id;

-- name: SessionPrune :execrows
DELETE FROM launch_session WHERE id IN (
    SELECT old.id FROM launch_session AS old WHERE old.expires_at < @now
    ORDER BY old.expires_at LIMIT CAST(@max_rows AS BIGINT)
);

-- name: NonceInsert :execrows
INSERT INTO nonce (hash, fingerprint, launch_id, used_at, expires_at)
VALUES (@hash, @fingerprint, @launch_id, @used_at, @expires_at)
ON CONFLICT (hash) DO NOTHING;

-- name: NonceByHash :one
SELECT * FROM nonce WHERE hash = @hash;

-- name: NoncePrune :execrows
DELETE FROM nonce WHERE hash IN (
    SELECT old.hash FROM nonce AS old WHERE old.expires_at < @now
    ORDER BY old.expires_at LIMIT CAST(@max_rows AS BIGINT)
);

-- name: LogAppend :execrows
INSERT INTO launch_log (
    id, logged_at, code, verified, consumer_id, consumer_key, course_key, usage_key, detail, repeats,
    cause, skew, evidence, test_id
) VALUES (
    @id, @logged_at, @code, @verified, @consumer_id, @consumer_key, @course_key, @usage_key, @detail, @repeats,
    @cause, @skew, @evidence, @test_id
)
ON CONFLICT DO NOTHING;

-- name: LogUnverifiedCount :one
SELECT count(*) FROM (
    SELECT 1 FROM launch_log WHERE verified = FALSE AND logged_at > @since LIMIT CAST(@max_rows AS BIGINT)
) AS recent;

-- name: LogRepeat :execrows
UPDATE launch_log SET repeats = repeats + 1 WHERE id = (
    SELECT newest.id FROM launch_log AS newest
    WHERE newest.consumer_key = @consumer_key AND newest.code = @code AND newest.verified = FALSE
    ORDER BY newest.logged_at DESC, newest.id DESC LIMIT 1
);

-- name: LogList :many
SELECT * FROM launch_log
WHERE (CAST(@before_at AS BIGINT) = 0 OR logged_at < @before_at OR logged_at = @before_at AND id < CAST(@before_id AS TEXT))
  AND (CAST(@consumer_id AS TEXT) = '' OR consumer_id = @consumer_id)
  AND (CAST(@code AS TEXT) = '' OR code = @code)
  AND (CAST(@course_key AS TEXT) = '' OR course_key = @course_key)
  AND (CAST(@failed AS BOOLEAN) = FALSE OR code <> 'ok')
  AND (CAST(@opened AS BOOLEAN) = FALSE OR code = 'ok')
  AND (CAST(@contains AS TEXT) = '' OR lower(consumer_key) LIKE CAST(@contains AS TEXT) ESCAPE '\'
    OR lower(usage_key) LIKE CAST(@contains AS TEXT) ESCAPE '\' OR lower(code) LIKE CAST(@contains AS TEXT) ESCAPE '\'
    OR lower(detail) LIKE CAST(@contains AS TEXT) ESCAPE '\' OR lower(cause) LIKE CAST(@contains AS TEXT) ESCAPE '\')
ORDER BY logged_at DESC, id DESC
LIMIT CAST(@max_rows AS BIGINT);

-- LogByReference looks the IDs up in the index alone: rows are large.
-- name: LogByReference :many
SELECT * FROM launch_log
WHERE id IN (SELECT named.id FROM launch_log AS named WHERE named.id LIKE CAST(@ends AS TEXT) ESCAPE '\')
  AND (CAST(@consumer_id AS TEXT) = '' OR consumer_id = @consumer_id)
  AND (CAST(@code AS TEXT) = '' OR code = @code)
  AND (CAST(@course_key AS TEXT) = '' OR course_key = @course_key)
  AND (CAST(@failed AS BOOLEAN) = FALSE OR code <> 'ok')
  AND (CAST(@opened AS BOOLEAN) = FALSE OR code = 'ok')
ORDER BY logged_at DESC, id DESC
LIMIT CAST(@max_rows AS BIGINT);

-- name: LogByTest :many
SELECT * FROM launch_log WHERE test_id <> '' AND test_id = @test_id
ORDER BY logged_at DESC, id DESC
LIMIT CAST(@max_rows AS BIGINT);

-- name: LogCauses :many
SELECT consumer_id, code, cause, CAST(max(consumer_key) AS TEXT) AS consumer_key,
    CAST(sum(1 + repeats) AS BIGINT) AS launches, CAST(min(logged_at) AS BIGINT) AS first_at,
    CAST(max(logged_at) AS BIGINT) AS last_at, CAST(max(id) AS TEXT) AS newest
FROM launch_log
WHERE code <> 'ok' AND logged_at > @since AND test_id = ''
GROUP BY consumer_id, code, cause
ORDER BY launches DESC, newest DESC
LIMIT CAST(@max_rows AS BIGINT);

-- name: LogCounts :one
SELECT CAST(coalesce(sum(CASE WHEN code = 'ok' THEN 1 + repeats ELSE 0 END), 0) AS BIGINT) AS good,
    CAST(coalesce(sum(CASE WHEN code = 'ok' THEN 0 ELSE 1 + repeats END), 0) AS BIGINT) AS refused
FROM launch_log
WHERE logged_at > @since AND test_id = '';

-- name: LogSkews :many
SELECT CAST(skew AS BIGINT) AS skew FROM launch_log
WHERE consumer_id = @consumer_id AND logged_at > @since AND skew IS NOT NULL AND test_id = ''
ORDER BY logged_at DESC, id DESC
LIMIT CAST(@max_rows AS BIGINT);

-- name: LogPrune :execrows
DELETE FROM launch_log WHERE id IN (
    SELECT old.id FROM launch_log AS old WHERE old.logged_at < @before
    ORDER BY old.logged_at, old.id LIMIT CAST(@max_rows AS BIGINT)
);

-- name: LaunchKnown :one
-- What is known about a launch that arrives, in one row.
SELECT sqlc.embed(consumer),
    CAST(COALESCE((SELECT course.version_id FROM course WHERE course.course_key = CAST(@course_key AS TEXT)), '') AS TEXT) AS version_id,
    (SELECT s.box FROM consumer_secret AS s WHERE s.consumer_id = consumer.id AND s.slot = 'current') AS current_box,
    (SELECT s.box FROM consumer_secret AS s WHERE s.consumer_id = consumer.id AND s.slot = 'previous') AS previous_box,
    CAST(COALESCE((SELECT o.seen_at FROM consumer_origin AS o
        WHERE o.consumer_id = consumer.id AND o.origin = CAST(@origin AS TEXT)), 0) AS BIGINT) AS origin_at,
    CAST(COALESCE(placement.id, '') AS TEXT) AS placement_id,
    CAST(COALESCE(placement.title, '') AS TEXT) AS placement_title,
    CAST(COALESCE(placement.course_key, '') AS TEXT) AS placement_course,
    CAST(COALESCE(placement.usage_key, '') AS TEXT) AS placement_usage,
    CAST(COALESCE(placement.last_launch_at, 0) AS BIGINT) AS placement_at,
    CAST(COALESCE(lms_context.title, '') AS TEXT) AS context_title,
    CAST(COALESCE(lms_context.label, '') AS TEXT) AS context_label,
    CAST(COALESCE(account_link.account_id, '') AS TEXT) AS account_id
FROM consumer
LEFT JOIN lms_context ON lms_context.consumer_id = consumer.id AND lms_context.context_id = CAST(@context_id AS TEXT)
LEFT JOIN placement ON placement.lms_context_id = lms_context.id AND placement.link_key = CAST(@link_key AS TEXT)
LEFT JOIN account_link ON account_link.consumer_id = consumer.id AND account_link.lti_user_id = CAST(@lti_user_id AS TEXT)
WHERE consumer.id = @consumer_id;

-- name: SessionOpened :many
-- All that a learner's page depends on and that changes, in one read: whether
-- the token is the session's, the learner, the consumer with the course's
-- version, origins, rules about dates, allowances, states, and the scores that
-- are owed for what was launched. What never changes of the session is given.
SELECT CAST('session' AS TEXT) AS kind, account.username AS a, account.email AS b, account.name AS c, account.kind AS d,
    launch_session.seen_at AS m, CAST(0 AS BIGINT) AS n,
    CASE WHEN account.enabled THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS flag,
    CAST(0 AS DOUBLE PRECISION) AS x, CAST(0 AS DOUBLE PRECISION) AS y
FROM launch_session JOIN account ON account.id = launch_session.account_id
WHERE launch_session.id = @id AND launch_session.token_hash = @token_hash
UNION ALL
SELECT CAST('consumer' AS TEXT), name, frame_origins,
    CAST(COALESCE((SELECT course.version_id FROM course WHERE course.course_key = CAST(@course_key AS TEXT)), '') AS TEXT),
    CAST('' AS TEXT), ends_at, CASE WHEN use_lti_pii THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END,
    CASE WHEN enabled THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END,
    CAST(0 AS DOUBLE PRECISION), CAST(0 AS DOUBLE PRECISION)
FROM consumer WHERE id = CAST(@consumer_id AS TEXT)
UNION ALL
SELECT CAST('origin' AS TEXT), origin, CAST('' AS TEXT), CAST('' AS TEXT), CAST('' AS TEXT), seen_at, CAST(0 AS BIGINT),
    CAST(0 AS BIGINT), CAST(0 AS DOUBLE PRECISION), CAST(0 AS DOUBLE PRECISION)
FROM consumer_origin WHERE consumer_id = CAST(@consumer_id AS TEXT)
UNION ALL
SELECT CAST('rule' AS TEXT), level, mode, CAST('' AS TEXT), CAST('' AS TEXT), days, starts_at, CAST(0 AS BIGINT),
    CAST(0 AS DOUBLE PRECISION), CAST(0 AS DOUBLE PRECISION)
FROM date_rule
WHERE level = 'course' AND subject = CAST(@course_key AS TEXT)
   OR level = 'consumer' AND subject = CAST(@consumer_id AS TEXT)
   OR level = 'link' AND subject = CAST(@placement_id AS TEXT)
UNION ALL
SELECT CAST('extra' AS TEXT), block_type, block_id, CAST('' AS TEXT), CAST('' AS TEXT), attempts, extra_time, CAST(0 AS BIGINT),
    CAST(0 AS DOUBLE PRECISION), CAST(0 AS DOUBLE PRECISION)
FROM allowance
WHERE account_id = CAST(@account_id AS TEXT) AND course_key = CAST(@course_key AS TEXT) AND scope = CAST(@scope AS TEXT)
UNION ALL
SELECT CAST('state' AS TEXT), block_type, block_id, state, given, version, updated_at,
    CASE WHEN answered THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END, earned, possible
FROM learner_state
WHERE account_id = CAST(@account_id AS TEXT) AND course_key = CAST(@course_key AS TEXT) AND scope = CAST(@scope AS TEXT)
UNION ALL
SELECT CAST('owed' AS TEXT), grade_target.id, owed_score.state, CAST('' AS TEXT), CAST('' AS TEXT),
    owed_score.next_at, owed_score.delivered_at, CAST(0 AS BIGINT),
    CAST(0 AS DOUBLE PRECISION), CAST(0 AS DOUBLE PRECISION)
FROM grade_target JOIN owed_score ON owed_score.target_id = grade_target.id
WHERE grade_target.account_id = CAST(@account_id AS TEXT) AND grade_target.course_key = CAST(@course_key AS TEXT)
  AND grade_target.scope = CAST(@scope AS TEXT) AND grade_target.usage_key = CAST(@usage_key AS TEXT)
  AND grade_target.consumer_id = CAST(@consumer_id AS TEXT);
