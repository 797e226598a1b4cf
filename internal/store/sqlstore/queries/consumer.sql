-- name: ConsumerByID :one
SELECT * FROM consumer WHERE id = @id;

-- name: ConsumerByKey :one
SELECT * FROM consumer WHERE consumer_key = @consumer_key;

-- name: ConsumerList :many
SELECT * FROM consumer
WHERE id <> 'preview'
  AND (search LIKE CAST(@pattern AS TEXT) ESCAPE '\' OR instance_guid_folded LIKE @pattern ESCAPE '\')
ORDER BY name_folded, id;

-- name: ConsumerCreate :execrows
INSERT INTO consumer (
    id, name, name_folded, consumer_key, search, instance_guid, instance_guid_folded, instance_guid_at,
    require_user_account, use_lti_pii, enabled, strict_replay, strict_lti, fresh_state,
    trusted_domains, frame_origins, grade_staff, moved_from,
    courses, starts_at, ends_at, launches_per_minute, keep_days,
    created_at, updated_at, last_launch_at
) VALUES (
    @id, @name, @name_folded, @consumer_key, @search, @instance_guid, @instance_guid_folded, @instance_guid_at,
    @require_user_account, @use_lti_pii, @enabled, @strict_replay, @strict_lti, @fresh_state,
    @trusted_domains, @frame_origins, @grade_staff, @moved_from,
    @courses, @starts_at, @ends_at, @launches_per_minute, @keep_days,
    @created_at, @updated_at, @last_launch_at
)
ON CONFLICT DO NOTHING;

-- name: ConsumerUpdate :execrows
UPDATE consumer SET
    name = @name, name_folded = @name_folded, consumer_key = @consumer_key,
    search = @search,
    require_user_account = @require_user_account, use_lti_pii = @use_lti_pii, enabled = @enabled,
    strict_replay = @strict_replay, strict_lti = @strict_lti, fresh_state = @fresh_state,
    trusted_domains = @trusted_domains, frame_origins = @frame_origins, grade_staff = @grade_staff,
    courses = @courses, starts_at = @starts_at, ends_at = @ends_at,
    launches_per_minute = @launches_per_minute, keep_days = @keep_days,
    updated_at = @updated_at
WHERE consumer.id = @id AND NOT EXISTS (
    SELECT 1 FROM consumer AS other
    WHERE other.id <> @id AND (other.name_folded = @name_folded OR other.consumer_key = @consumer_key)
);

-- name: ConsumerLaunched :execrows
UPDATE consumer SET last_launch_at = @at WHERE id = @id;

-- name: ConsumerCaptureGUID :exec
UPDATE consumer SET
    instance_guid = @guid, instance_guid_folded = @guid_folded, instance_guid_at = @at
WHERE id = @id AND instance_guid = '';

-- name: ConsumerDelete :execrows
DELETE FROM consumer WHERE id = @id;

-- name: ConsumerUsage :one
SELECT
    (SELECT count(*) FROM account_link WHERE account_link.consumer_id = @id) AS learners,
    CAST((SELECT COALESCE(sum(launches), 0) FROM placement WHERE placement.consumer_id = @id) AS BIGINT) AS launches,
    (SELECT count(*) FROM grade_target WHERE grade_target.consumer_id = @id) AS targets,
    (SELECT count(*) FROM owed_score JOIN grade_target ON grade_target.id = owed_score.target_id
     WHERE grade_target.consumer_id = @id AND owed_score.state <> 'delivered') AS owed_scores;

-- name: SecretList :many
SELECT * FROM consumer_secret WHERE consumer_id = @consumer_id ORDER BY slot;

-- name: SecretPut :exec
INSERT INTO consumer_secret (consumer_id, slot, box, created_at, last_used_at)
VALUES (@consumer_id, @slot, @box, @created_at, @last_used_at)
ON CONFLICT (consumer_id, slot) DO UPDATE SET
    box = excluded.box, created_at = excluded.created_at, last_used_at = excluded.last_used_at;

-- name: SecretUsed :exec
UPDATE consumer_secret SET last_used_at = CAST(@at AS BIGINT)
WHERE consumer_id = @consumer_id AND slot = @slot AND last_used_at < CAST(@before AS BIGINT);

-- name: SecretDelete :execrows
DELETE FROM consumer_secret WHERE consumer_id = @consumer_id AND slot = @slot;

-- name: OriginList :many
SELECT origin FROM consumer_origin WHERE consumer_id = @consumer_id ORDER BY seen_at DESC, origin;

-- name: OriginLearn :exec
INSERT INTO consumer_origin (consumer_id, origin, seen_at) VALUES (@consumer_id, @origin, @seen_at)
ON CONFLICT (consumer_id, origin) DO UPDATE SET seen_at = excluded.seen_at;

-- name: OriginTrim :exec
DELETE FROM consumer_origin WHERE consumer_origin.consumer_id = @consumer_id AND consumer_origin.origin NOT IN (
    SELECT newest.origin FROM consumer_origin AS newest WHERE newest.consumer_id = @consumer_id
    ORDER BY newest.seen_at DESC, newest.origin LIMIT CAST(@keep AS BIGINT)
);
