-- name: CourseList :many
SELECT course_version.course_key, course_version.name, course_version.id, course_version.number,
    course_version.blocks, course_version.imported_at
FROM course JOIN course_version ON course_version.id = course.version_id
ORDER BY course_version.name, course_version.course_key;

-- name: CourseInfo :one
SELECT course_version.course_key, course_version.name, course_version.id, course_version.number,
    course_version.blocks, course_version.imported_at
FROM course JOIN course_version ON course_version.id = course.version_id
WHERE course.course_key = @course_key;

-- name: CoursePublish :one
INSERT INTO course (course_key, version_id, last_number) VALUES (@course_key, @version_id, 1)
ON CONFLICT (course_key) DO UPDATE SET
    version_id = excluded.version_id, last_number = course.last_number + 1
RETURNING last_number;

-- name: CourseDelete :execrows
DELETE FROM course WHERE course_key = @course_key;

-- name: VersionCreate :execrows
INSERT INTO course_version (id, course_key, number, name, body, blocks, source, report, imported_at, imported_by)
VALUES (@id, @course_key, @number, @name, @body, @blocks, @source, @report, @imported_at, @imported_by)
ON CONFLICT DO NOTHING;

-- name: VersionByID :one
SELECT id, course_key, name, body, blocks FROM course_version WHERE id = @id;

-- name: VersionReport :one
SELECT report FROM course_version WHERE id = @id;

-- name: BlockList :many
SELECT position, parent, block_type, block_id, name, body, data
FROM block WHERE version_id = @version_id ORDER BY position;

-- name: AssetList :many
SELECT name, content_type, size, sha256, locked
FROM asset WHERE version_id = @version_id ORDER BY position;

-- name: VersionLeave :exec
-- The published version, if it is not this one, stops being it.
UPDATE course_version SET left_at = @at
WHERE course_version.id <> @next_id
  AND course_version.id = (SELECT version_id FROM course WHERE course.course_key = @course_key);

-- name: CoursePoint :execrows
UPDATE course SET version_id = @version_id
WHERE course.course_key = @course_key AND EXISTS (
    SELECT 1 FROM course_version WHERE course_version.id = @version_id AND course_version.course_key = @course_key
);

-- name: VersionReturn :exec
UPDATE course_version SET left_at = 0 WHERE id = @id;

-- name: VersionDelete :execrows
DELETE FROM course_version
WHERE course_version.id = @id AND course_version.course_key = @course_key
  AND NOT EXISTS (SELECT 1 FROM course WHERE course.course_key = @course_key AND course.version_id = @id);

-- name: GarbageMark :exec
-- Files of these versions that no other version names. Marked before the
-- versions go.
INSERT INTO blob_garbage (sha256, since, going)
SELECT DISTINCT mine.sha256, CAST(@since AS BIGINT), FALSE FROM asset AS mine
WHERE mine.version_id = @version_id AND NOT EXISTS (
    SELECT 1 FROM asset AS other WHERE other.sha256 = mine.sha256 AND other.version_id <> @version_id
)
ON CONFLICT (sha256) DO NOTHING;

-- name: GarbageDue :many
SELECT sha256 FROM blob_garbage WHERE since <= @before ORDER BY since LIMIT CAST(@max_rows AS BIGINT);

-- name: GarbageGoing :execrows
UPDATE blob_garbage SET going = TRUE
WHERE blob_garbage.sha256 = @sha256
  AND NOT EXISTS (SELECT 1 FROM asset WHERE asset.sha256 = @sha256);

-- name: GarbageForget :exec
DELETE FROM blob_garbage WHERE sha256 = @sha256;

-- name: GarbageRescue :execrows
DELETE FROM blob_garbage WHERE sha256 = @sha256 AND going = FALSE;

-- name: GarbageGone :one
SELECT COUNT(*) FROM blob_garbage WHERE sha256 = @sha256 AND going = TRUE;

-- name: TeamForget :exec
DELETE FROM course_team WHERE course_key = @course_key;
