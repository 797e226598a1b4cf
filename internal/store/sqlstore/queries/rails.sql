-- name: LaunchCount :one
INSERT INTO launch_rate (consumer_id, minute, launches) VALUES (@consumer_id, @minute, 1)
ON CONFLICT (consumer_id) DO UPDATE SET
    launches = CASE WHEN launch_rate.minute = excluded.minute THEN launch_rate.launches + 1 ELSE 1 END,
    minute = excluded.minute
RETURNING launches;

-- name: LinkSeen :exec
UPDATE account_link SET seen_at = @seen_at WHERE consumer_id = @consumer_id AND lti_user_id = @lti_user_id;

-- name: LinkStale :many
SELECT account_link.* FROM account_link
WHERE account_link.consumer_id = @consumer_id
  AND account_link.created_at < CAST(@before AS BIGINT) AND account_link.seen_at < CAST(@before AS BIGINT)
  AND NOT EXISTS (
    SELECT 1 FROM learner_state
    WHERE learner_state.account_id = account_link.account_id AND learner_state.updated_at >= CAST(@before AS BIGINT)
  )
  AND NOT EXISTS (
    SELECT 1 FROM owed_score JOIN grade_target ON grade_target.id = owed_score.target_id
    WHERE grade_target.account_id = account_link.account_id AND owed_score.state IN ('waiting', 'sending', 'retrying')
  )
ORDER BY account_link.lti_user_id
LIMIT CAST(@max_rows AS BIGINT);

-- name: LinkStaleCount :one
SELECT count(*) AS learners,
    CAST(COALESCE(sum(CASE WHEN account.kind <> 'local' AND account.password_hash = ''
        AND NOT EXISTS (SELECT 1 FROM account_identity WHERE account_identity.account_id = account.id)
        AND NOT EXISTS (
            SELECT 1 FROM account_link AS other
            WHERE other.account_id = account.id
              AND (other.consumer_id <> account_link.consumer_id OR other.lti_user_id <> account_link.lti_user_id)
        )
        THEN 1 ELSE 0 END), 0) AS BIGINT) AS accounts
FROM account_link JOIN account ON account.id = account_link.account_id
WHERE account_link.consumer_id = @consumer_id
  AND account_link.created_at < CAST(@before AS BIGINT) AND account_link.seen_at < CAST(@before AS BIGINT)
  AND NOT EXISTS (
    SELECT 1 FROM learner_state
    WHERE learner_state.account_id = account_link.account_id AND learner_state.updated_at >= CAST(@before AS BIGINT)
  )
  AND NOT EXISTS (
    SELECT 1 FROM owed_score JOIN grade_target ON grade_target.id = owed_score.target_id
    WHERE grade_target.account_id = account_link.account_id AND owed_score.state IN ('waiting', 'sending', 'retrying')
  );

-- name: LaunchesOfLinkDelete :exec
DELETE FROM launch_session WHERE account_id = @account_id AND consumer_id = @consumer_id;

-- name: TargetsOfLinkDelete :exec
DELETE FROM grade_target WHERE account_id = @account_id AND consumer_id = @consumer_id;
