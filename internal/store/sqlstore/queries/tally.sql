-- name: TallyRaise :execrows
UPDATE tally SET votes = CASE WHEN votes + @by < 0 THEN 0 ELSE votes + @by END
WHERE course_key = @course_key AND scope = @scope AND block_type = @block_type AND block_id = @block_id
  AND question = @question AND answer = @answer;

-- name: TallySize :one
SELECT COUNT(*) FROM tally
WHERE course_key = @course_key AND scope = @scope AND block_type = @block_type AND block_id = @block_id;

-- name: TallyInsert :exec
INSERT INTO tally (course_key, scope, block_type, block_id, question, answer, votes)
VALUES (@course_key, @scope, @block_type, @block_id, @question, @answer, @votes)
ON CONFLICT (course_key, scope, block_type, block_id, question, answer) DO UPDATE SET votes = tally.votes + excluded.votes;

-- name: TallyTop :many
SELECT question, answer, votes FROM tally
WHERE course_key = @course_key AND scope = @scope AND block_type = @block_type AND block_id = @block_id AND votes > 0
ORDER BY votes DESC, question, answer
LIMIT CAST(@max_rows AS BIGINT);

-- name: TallySum :one
SELECT CAST(COALESCE(SUM(votes), 0) AS BIGINT) AS votes FROM tally
WHERE course_key = @course_key AND scope = @scope AND block_type = @block_type AND block_id = @block_id;
