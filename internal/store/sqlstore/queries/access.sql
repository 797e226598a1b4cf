-- name: AccessCreate :execrows
-- Nothing when the page was sent before, or its LMS has a request that waits.
INSERT INTO access_request (
    id, lms, state, asked_at, repeats, name, institution, contact, reason, consumer_key, lms_name, lms_guid, lms_family,
    context_title, link_title, course_key, usage_key, launch_id, decided_at, decided_by, answer, consumer_id
) VALUES (
    @id, @lms, 'waiting', @asked_at, 0, @name, @institution, @contact, @reason, @consumer_key, @lms_name, @lms_guid, @lms_family,
    @context_title, @link_title, @course_key, @usage_key, @launch_id, 0, '', '', ''
)
ON CONFLICT DO NOTHING;

-- name: AccessRepeat :execrows
UPDATE access_request SET repeats = repeats + 1 WHERE lms = @lms AND state = 'waiting';

-- name: AccessByID :one
SELECT * FROM access_request WHERE id = @id;

-- name: AccessWaiting :one
SELECT COUNT(*) FROM access_request WHERE state = 'waiting';

-- name: AccessList :many
SELECT * FROM access_request WHERE state = @state ORDER BY asked_at DESC, id DESC
LIMIT CAST(@max_rows AS BIGINT);

-- name: AccessDecide :execrows
UPDATE access_request SET state = @state, decided_at = @decided_at, decided_by = @decided_by, answer = @answer,
    consumer_id = @consumer_id
WHERE id = @id AND state = 'waiting';

-- name: AccessDelete :execrows
DELETE FROM access_request WHERE id = @id;

-- name: AccessPruneDecided :execrows
DELETE FROM access_request WHERE id IN (
    SELECT old.id FROM access_request AS old
    WHERE old.state IN ('approved', 'declined') AND old.decided_at < @before
    LIMIT CAST(@max_rows AS BIGINT)
);

-- name: AccessPruneWaiting :execrows
DELETE FROM access_request WHERE id IN (
    SELECT old.id FROM access_request AS old WHERE old.state = 'waiting' AND old.asked_at < @before
    LIMIT CAST(@max_rows AS BIGINT)
);
