-- name: StagedCreate :execrows
INSERT INTO staged_import (id, course_key, base, file_name, size, made_by, report, changes, created_at, expires_at)
VALUES (@id, @course_key, @base, @file_name, @size, @made_by, @report, @changes, @created_at, @expires_at)
ON CONFLICT DO NOTHING;

-- name: StagedByID :one
SELECT * FROM staged_import WHERE id = @id;

-- name: StagedList :many
SELECT id, course_key, base, file_name, size, made_by, created_at, expires_at
FROM staged_import
WHERE CAST(@course_key AS TEXT) = '' OR course_key = @course_key
ORDER BY created_at DESC, id DESC;

-- name: StagedExpired :many
SELECT id FROM staged_import WHERE expires_at < @now ORDER BY expires_at, id LIMIT CAST(@max_rows AS BIGINT);

-- name: StagedDelete :execrows
DELETE FROM staged_import WHERE id = @id;

-- name: VersionList :many
SELECT id, number, name, blocks, imported_at, imported_by, left_at
FROM course_version WHERE course_key = @course_key ORDER BY number DESC LIMIT CAST(@max_rows AS BIGINT);

-- name: PlacementUse :many
SELECT usage_key, consumer_id, COUNT(*) AS links, CAST(SUM(launches) AS BIGINT) AS launches,
    CAST(MAX(last_launch_at) AS BIGINT) AS last_launch_at
FROM placement WHERE course_key = @course_key AND link_key NOT LIKE 'lectern-test-%'
GROUP BY usage_key, consumer_id
ORDER BY usage_key, consumer_id;

-- name: StateUse :many
SELECT block_type, block_id, COUNT(DISTINCT account_id) AS learners
FROM learner_state WHERE course_key = @course_key
GROUP BY block_type, block_id
ORDER BY block_type, block_id;
