-- name: ContextUpsert :one
INSERT INTO lms_context (id, consumer_id, context_id, title, label)
VALUES (@id, @consumer_id, @context_id, @title, @label)
ON CONFLICT (consumer_id, context_id) DO UPDATE SET title = excluded.title, label = excluded.label
RETURNING id;

-- name: PlacementUpsert :one
INSERT INTO placement (
    id, consumer_id, lms_context_id, link_key, title, course_key, usage_key, first_at, last_launch_at, launches
) VALUES (
    @id, @consumer_id, @lms_context_id, @link_key, @title, @course_key, @usage_key, @first_at, @last_launch_at, 1
)
ON CONFLICT (lms_context_id, link_key) DO UPDATE SET
    title = excluded.title, course_key = excluded.course_key, usage_key = excluded.usage_key,
    last_launch_at = excluded.last_launch_at, launches = placement.launches + 1
RETURNING id;

-- name: PlacementList :many
SELECT placement.*, lms_context.context_id, lms_context.title AS context_title, lms_context.label AS context_label
FROM placement JOIN lms_context ON lms_context.id = placement.lms_context_id
WHERE (CAST(@consumer_id AS TEXT) = '' OR placement.consumer_id = @consumer_id)
  AND (CAST(@course_key AS TEXT) = '' OR placement.course_key = @course_key)
  AND placement.link_key NOT LIKE 'lectern-test-%'
ORDER BY placement.last_launch_at DESC, placement.id DESC;

-- name: PlacementByID :one
SELECT placement.*, lms_context.context_id, lms_context.title AS context_title, lms_context.label AS context_label
FROM placement JOIN lms_context ON lms_context.id = placement.lms_context_id
WHERE placement.id = @id;

-- name: PlacementFind :one
SELECT placement.*, lms_context.context_id, lms_context.title AS context_title, lms_context.label AS context_label
FROM placement JOIN lms_context ON lms_context.id = placement.lms_context_id
WHERE lms_context.consumer_id = @consumer_id AND lms_context.context_id = @context_id AND placement.link_key = @link_key;

-- name: PlacementOfHistory :one
-- The link of a consumer that an LMS named as what another one was copied from,
-- the one used last.
SELECT id FROM placement
WHERE consumer_id = @consumer_id AND link_key = @link_key AND id <> CAST(@not_id AS TEXT)
ORDER BY last_launch_at DESC, id DESC LIMIT 1;

-- name: PlacementCopied :execrows
UPDATE placement SET copied_from = @copied_from WHERE id = @id AND copied_from = '';

-- name: TargetUpsert :one
INSERT INTO grade_target (
    id, kind, consumer_id, account_id, link_key, course_key, usage_key, scope, service_url, sourced_id, refused, updated_at,
    placement_id
) VALUES (
    @id, @kind, @consumer_id, @account_id, @link_key, @course_key, @usage_key, @scope, @service_url, @sourced_id,
    @refused, @updated_at, @placement_id
)
ON CONFLICT (consumer_id, account_id, link_key) DO UPDATE SET
    kind = excluded.kind, course_key = excluded.course_key, usage_key = excluded.usage_key, scope = excluded.scope,
    service_url = excluded.service_url, sourced_id = excluded.sourced_id, refused = excluded.refused,
    updated_at = excluded.updated_at, placement_id = excluded.placement_id
RETURNING id;

-- name: TargetByID :one
SELECT * FROM grade_target WHERE id = @id;

-- name: TargetList :many
SELECT * FROM grade_target
WHERE account_id = @account_id AND course_key = @course_key AND scope = @scope
ORDER BY id;

-- name: TargetUsages :many
-- In no order: to sort them costs more than to find them.
SELECT id, usage_key FROM grade_target
WHERE account_id = @account_id AND course_key = @course_key AND scope = @scope;

-- name: TargetAdmit :execrows
UPDATE grade_target SET refused = '' WHERE id = @id AND refused <> '';

-- name: TargetAim :exec
INSERT INTO grade_target (
    id, kind, consumer_id, account_id, link_key, course_key, usage_key, scope, service_url, sourced_id, refused, updated_at,
    placement_id
) VALUES (
    @id, @kind, @consumer_id, @account_id, @link_key, @course_key, @usage_key, @scope, @service_url, @sourced_id,
    @refused, @updated_at, @placement_id
)
ON CONFLICT (consumer_id, account_id, link_key) DO UPDATE SET
    kind = excluded.kind, course_key = excluded.course_key, usage_key = excluded.usage_key, scope = excluded.scope,
    service_url = excluded.service_url, sourced_id = excluded.sourced_id, refused = excluded.refused,
    updated_at = excluded.updated_at, placement_id = excluded.placement_id;

-- name: PlacementCount :exec
UPDATE placement SET launches = launches + CAST(@more AS BIGINT),
    last_launch_at = CASE WHEN last_launch_at < CAST(@at AS BIGINT) THEN CAST(@at AS BIGINT) ELSE last_launch_at END
WHERE id = @id;

-- name: TargetRename :execrows
UPDATE grade_target SET link_key = @new_key
WHERE grade_target.consumer_id = @consumer_id AND grade_target.account_id = @account_id
  AND grade_target.link_key = @old_key AND NOT EXISTS (
    SELECT 1 FROM grade_target AS other
    WHERE other.consumer_id = @consumer_id AND other.account_id = @account_id AND other.link_key = @new_key
);
