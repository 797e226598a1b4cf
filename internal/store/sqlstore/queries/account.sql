-- name: AccountByID :one
SELECT * FROM account WHERE id = @id;

-- name: AccountByUsername :one
SELECT * FROM account WHERE username_folded = @username_folded;

-- name: AccountByLink :one
SELECT account.* FROM account JOIN account_link ON account_link.account_id = account.id
WHERE account_link.consumer_id = @consumer_id AND account_link.lti_user_id = @lti_user_id;

-- name: AccountList :many
SELECT * FROM account
WHERE search LIKE CAST(@pattern AS TEXT) ESCAPE '\'
ORDER BY username_folded
LIMIT CAST(@max_rows AS BIGINT);

-- name: AccountAdmins :many
SELECT * FROM account WHERE admin = TRUE ORDER BY username_folded;

-- name: AccountCreate :execrows
INSERT INTO account (
    id, username, username_folded, email, name, search, kind, admin, role, enabled, password_hash, created_at
) VALUES (
    @id, @username, @username_folded, @email, @name, @search, @kind, @admin, @role, @enabled, @password_hash,
    @created_at
)
ON CONFLICT DO NOTHING;

-- name: AccountUpdate :execrows
UPDATE account SET
    username = @username, username_folded = @username_folded, email = @email, name = @name, search = @search,
    kind = @kind, admin = @admin, role = @role, enabled = @enabled, password_hash = @password_hash
WHERE account.id = @id AND NOT EXISTS (
    SELECT 1 FROM account AS other WHERE other.id <> @id AND other.username_folded = @username_folded
);

-- name: LinkCreate :execrows
INSERT INTO account_link (consumer_id, lti_user_id, account_id, how, created_at)
VALUES (@consumer_id, @lti_user_id, @account_id, @how, @created_at)
ON CONFLICT DO NOTHING;

-- name: LinkAccount :one
SELECT account_id FROM account_link WHERE consumer_id = @consumer_id AND lti_user_id = @lti_user_id;

-- name: LinkList :many
SELECT * FROM account_link WHERE account_id = @account_id ORDER BY created_at, consumer_id, lti_user_id;

-- name: LinkDelete :execrows
DELETE FROM account_link WHERE consumer_id = @consumer_id AND lti_user_id = @lti_user_id;

-- name: AccountsWithRole :many
SELECT * FROM account WHERE role <> '' ORDER BY username_folded;

-- name: TeamCourses :many
SELECT course_key FROM course_team WHERE account_id = @account_id ORDER BY course_key;

-- name: TeamOf :many
SELECT account.* FROM course_team JOIN account ON account.id = course_team.account_id
WHERE course_team.course_key = @course_key ORDER BY account.username_folded;

-- name: TeamClear :exec
DELETE FROM course_team WHERE account_id = @account_id;

-- name: TeamAdd :exec
INSERT INTO course_team (account_id, course_key, since) VALUES (@account_id, @course_key, @since)
ON CONFLICT DO NOTHING;
