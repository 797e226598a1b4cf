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
