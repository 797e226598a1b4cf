-- name: TestLaunchByID :one
SELECT * FROM test_launch WHERE id = @id;

-- name: TestLaunchCreate :execrows
INSERT INTO test_launch (
    id, made_at, made_by, consumer_id, course_key, usage_key, person, lms, fault, outcome_fault, grade
) VALUES (
    @id, @made_at, @made_by, @consumer_id, @course_key, @usage_key, @person, @lms, @fault, @outcome_fault, @grade
)
ON CONFLICT DO NOTHING;

-- name: TestLaunchList :many
SELECT * FROM test_launch
WHERE CAST(@consumer_id AS TEXT) = '' OR consumer_id = @consumer_id
ORDER BY made_at DESC, id DESC
LIMIT CAST(@max_rows AS BIGINT);

-- name: TestLaunchGrade :execrows
UPDATE test_launch SET grade = @grade WHERE id = @id;

-- name: TestLaunchPrune :execrows
DELETE FROM test_launch WHERE id IN (
    SELECT old.id FROM test_launch AS old WHERE old.made_at < @before
    ORDER BY old.made_at LIMIT CAST(@max_rows AS BIGINT)
);

-- name: TestMessageAppend :execrows
INSERT INTO test_message (id, test_id, got_at, operation, score, accepted, reason, status, request, answer)
VALUES (@id, @test_id, @got_at, @operation, @score, @accepted, @reason, @status, @request, @answer)
ON CONFLICT DO NOTHING;

-- name: TestMessageList :many
SELECT * FROM test_message WHERE test_id = @test_id
ORDER BY got_at DESC, id DESC
LIMIT CAST(@max_rows AS BIGINT);
