-- name: AccountsByEmail :many
-- Accounts with a password first: an LMS may claim anybody's address.
SELECT * FROM account WHERE email = @email
ORDER BY CASE WHEN password_hash = '' THEN 1 ELSE 0 END, created_at, id
LIMIT CAST(@max_rows AS BIGINT);

-- name: AccountDiscard :execrows
DELETE FROM account WHERE account.id = @id
  AND NOT EXISTS (SELECT 1 FROM account_link WHERE account_link.account_id = account.id);

-- name: AccountSignsIn :one
SELECT CAST(account.password_hash <> '' OR EXISTS (
    SELECT 1 FROM account_identity WHERE account_identity.account_id = account.id
) AS BOOLEAN) AS signs_in FROM account WHERE account.id = @id;

-- name: LinkGet :one
SELECT * FROM account_link WHERE consumer_id = @consumer_id AND lti_user_id = @lti_user_id;

-- name: LinkProve :exec
INSERT INTO account_link (consumer_id, lti_user_id, account_id, how, created_at)
VALUES (@consumer_id, @lti_user_id, @account_id, @how, @created_at)
ON CONFLICT (consumer_id, lti_user_id) DO UPDATE SET
    previous_account_id = CASE WHEN account_link.account_id = excluded.account_id
        THEN account_link.previous_account_id ELSE account_link.account_id END,
    account_id = excluded.account_id, how = excluded.how, created_at = excluded.created_at,
    note = '', noted_at = 0;

-- name: LinkNote :execrows
UPDATE account_link SET note = @note, noted_at = @noted_at
WHERE consumer_id = @consumer_id AND lti_user_id = @lti_user_id;

-- name: TargetRetire :exec
-- The cell belongs to the learner's proven account now: a score from before must
-- not overwrite a newer one.
UPDATE grade_target SET refused = @refused
WHERE consumer_id = @consumer_id AND account_id = @account_id AND link_key = @link_key;

-- name: LinkCount :many
SELECT how, count(*) AS links FROM account_link WHERE consumer_id = @consumer_id GROUP BY how;

-- name: LinkedAccount :one
SELECT sqlc.embed(account_link), sqlc.embed(account)
FROM account_link JOIN account ON account.id = account_link.account_id
WHERE account_link.consumer_id = @consumer_id AND account_link.lti_user_id = @lti_user_id;
