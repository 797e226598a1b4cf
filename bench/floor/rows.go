package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// What is the same in all rows: there is one consumer with one link.
const (
	consumerID  = "019ab0c1-7d4e-7c35-9a52-3f1f6f0d9b11"
	contextID   = "019ab0c1-7d4e-7c35-9a52-3f1f6f0d9b12"
	placementID = "019ab0c1-7d4e-7c35-9a52-3f1f6f0d9b13"
	courseKey   = "course-v1:Lectern+Bench+2026"
	usageKey    = "block-v1:Lectern+Bench+2026+type@vertical+block@unit"
)

// statements are prepared once. They write the rows that Lectern writes for a
// launch of somebody new, and for an answer.
type statements struct {
	nonce, linked, account, link, target, member, session, log *sql.Stmt
	state, event, owed                                         *sql.Stmt
}

func prepare(ctx context.Context, conn *sql.Conn) (*statements, error) {
	s := &statements{}
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&s.nonce, `INSERT INTO nonce (hash, fingerprint, launch_id, used_at, expires_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`},
		{&s.linked, "SELECT account_id FROM account_link WHERE consumer_id = ? AND lti_user_id = ?"},
		{&s.account, `INSERT INTO account (id, username, username_folded, email, name, search, kind, admin, enabled, password_hash,
			created_at) VALUES (?, ?, ?, ?, '', ?, 'anonymous', FALSE, TRUE, '', ?)`},
		{&s.link, "INSERT INTO account_link (consumer_id, lti_user_id, account_id, how, created_at) VALUES (?, ?, ?, 'launch', ?)"},
		{&s.target, `INSERT INTO grade_target (id, kind, consumer_id, account_id, link_key, course_key, usage_key, scope, service_url,
			sourced_id, refused, updated_at, placement_id) VALUES (?, 'lti11', ?, ?, ?, ?, ?, '', ?, ?, '', ?, ?)
			ON CONFLICT (consumer_id, account_id, link_key) DO UPDATE SET service_url = excluded.service_url,
			sourced_id = excluded.sourced_id, updated_at = excluded.updated_at`},
		{&s.member, `INSERT INTO context_member (lms_context_id, account_id, staff, since) VALUES (?, ?, FALSE, ?)
			ON CONFLICT DO NOTHING`},
		{&s.session, `INSERT INTO launch_session (id, consumer_id, account_id, placement_id, course_key, usage_key, scope, staff,
			return_url, locale, query, token_hash, handle_hash, handle_until, user_agent, created_at, seen_at, expires_at, score_host)
			VALUES (?, ?, ?, ?, ?, ?, '', FALSE, ?, 'de', '', ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&s.log, `INSERT INTO launch_log (id, logged_at, code, verified, consumer_id, consumer_key, course_key, usage_key, detail,
			repeats, skew, evidence) VALUES (?, ?, 'ok', TRUE, ?, 'key', ?, ?, '', 0, 0, ?)`},
		{&s.state, `INSERT INTO learner_state (account_id, scope, course_key, block_type, block_id, version, state, answered, earned,
			possible, updated_at) VALUES (?, '', ?, 'problem', 'p', 1, ?, TRUE, 1, 1, ?) ON CONFLICT DO UPDATE SET
			version = version + 1, state = excluded.state, updated_at = excluded.updated_at`},
		{&s.event, `INSERT INTO score_event (id, account_id, scope, course_key, block_type, block_id, happened_at, earned, possible, why)
			VALUES (?, ?, '', ?, 'problem', 'p', ?, 1, 1, 'answer')`},
		{&s.owed, `INSERT INTO owed_score (id, target_id, wanted_version, delivered_version, state, attempts, first_change_at, next_at,
			due_at, again_at, again_next_at, lease_until, lease_by, last_error, delivered_at)
			VALUES (?, ?, 1, 0, 'waiting', 0, ?, ?, ?, 0, 0, 0, '', '', 0) ON CONFLICT (target_id) DO UPDATE SET
			wanted_version = wanted_version + 1, due_at = excluded.due_at`},
	} {
		var err error
		if *p.to, err = conn.PrepareContext(ctx, p.sql); err != nil { //nolint:sqlclosecheck // kept as long as the connection
			return nil, err
		}
	}
	return s, nil
}

func exec(ctx context.Context, stmt *sql.Stmt, args ...any) (int64, error) {
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// all runs several statements.
func all(ctx context.Context, list ...write) error {
	for _, w := range list {
		if _, err := w.stmt.ExecContext(ctx, w.args...); err != nil {
			return err
		}
	}
	return nil
}

type write struct {
	stmt *sql.Stmt
	args []any
}

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// launch writes what a launch leaves behind.
func (s *statements) launch(ctx context.Context, form url.Values, agent, token string) error {
	now, id, user := time.Now().UnixMicro(), newID(), form.Get("user_id")
	n, err := exec(ctx, s.nonce, hash(form.Get("oauth_timestamp")+" "+form.Get("oauth_nonce")), hash(form.Get("oauth_signature")), id,
		now, now+5400e6)
	if err == nil && n == 0 {
		err = errReplay
	}
	if err != nil {
		return err
	}
	var who string
	err = s.linked.QueryRowContext(ctx, consumerID, user).Scan(&who)
	if errors.Is(err, sql.ErrNoRows) {
		who = newID()
		name := rand.Text()
		folded := strings.ToLower(name)
		err = all(ctx, write{s.account, []any{who, name, folded, folded + "@lti.example.com", folded + " " + folded + "@lti.example.com", now}},
			write{s.link, []any{consumerID, user, who, now}})
	}
	if err != nil {
		return err
	}
	return all(ctx,
		write{s.target, []any{
			newID(), consumerID, who, form.Get("resource_link_id"), courseKey, usageKey, form.Get("lis_outcome_service_url"),
			[]byte(form.Get("lis_result_sourcedid")), now, placementID,
		}},
		write{s.member, []any{contextID, who, now}},
		write{s.session, []any{
			id, consumerID, who, placementID, courseKey, usageKey, form.Get("launch_presentation_return_url"), hash(token), hash(id),
			now + 60e6, hash(agent)[:16], now, now, now + 86400e6, "canvas.school.example",
		}},
		write{s.log, []any{id, now, consumerID, courseKey, usageKey, evidence(form)}})
}

// evidenceMost is about how much of a good launch Lectern's log keeps, in bytes.
const evidenceMost = 750

// evidence is what the log keeps of a launch.
func evidence(form url.Values) string {
	text := form.Encode()
	return text[:min(len(text), evidenceMost)]
}

// answer writes what an answer leaves behind.
func (s *statements) answer(ctx context.Context, user, state string) error {
	now := time.Now().UnixMicro()
	return all(ctx, write{s.state, []any{user, courseKey, state, now}}, write{s.event, []any{newID(), user, courseKey, now}},
		write{s.owed, []any{newID(), user, now, now, now}})
}
