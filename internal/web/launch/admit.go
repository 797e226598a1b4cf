package launch

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"lectern/internal/lti"
	"lectern/internal/lti/lti11"
	"lectern/internal/session"
	"lectern/internal/store"
	"lectern/internal/telemetry"
)

// admission is what the transaction of a good launch decides.
type admission struct {
	launchID string
	ticket   session.Ticket
	reopen   bool // an old repeat: the cookie in the browser decides
}

// admit writes everything a good launch leaves behind, in one transaction, and
// returns where the learner goes.
func (h *Handler) admit(w http.ResponseWriter, a *arrival) (location string, err error) {
	ctx := a.r.Context()
	if a.id == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return "", err
		}
		a.id = id.String()
	}
	var adm admission
	err = h.Store.Record(ctx, func(tx store.Tx) error {
		adm, a.counted = admission{launchID: a.id}, ""
		known, err := h.known(ctx, tx, a)
		if err != nil {
			return err
		}
		if a.resume != nil {
			if err := a.resume(ctx, tx); err != nil {
				return err
			}
		}
		taken, err := h.useNonce(ctx, tx, a, adm.launchID)
		if err != nil {
			return err
		}
		if taken != nil {
			adm, err = h.repeat(ctx, tx, a, taken)
			return err
		}
		if err := h.rate(ctx, tx, a.verified.Launch.Consumer); err != nil {
			return err
		}
		adm.ticket, err = h.write(ctx, tx, a, known, adm.launchID)
		return err
	})
	if err != nil {
		return "", err
	}
	if a.counted != "" {
		h.marks.add(a.counted, h.Clock())
	}
	telemetry.Add(ctx, slog.String("launch", adm.launchID), slog.String("consumer", a.entry.ConsumerID))
	path := h.ContentURL + "/learn/" + adm.launchID + "/"
	if adm.reopen {
		return path, nil
	}
	if h.ContentURL == "" {
		http.SetCookie(w, session.Cookie(adm.launchID, adm.ticket.Token, h.Secure(a.r)))
	}
	return path + "?h=" + url.QueryEscape(adm.ticket.Handle), nil
}

// known reads what the database says of the launch, and holds memory against it:
// a launch that was let in by what is out of date fails with ErrOutdated.
func (h *Handler) known(ctx context.Context, tx store.Tx, a *arrival) (*store.Known, error) {
	l := &a.verified.Launch
	k := store.KnownKey{
		ConsumerID: l.Consumer.ID, LTIUserID: l.User.ID, ContextID: l.Context.ID, LinkKey: linkKey(l, a.usage.String()),
		CourseKey: a.courseID.String(),
	}
	if len(a.origins) > 0 {
		k.Origin = a.origins[0]
	}
	known, err := tx.Launches().Known(ctx, k)
	switch {
	case a.resume != nil: // all was read just before
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrOutdated.Wrap(err)
	case err == nil && !h.Memory.Same(l.Consumer.Key, known.Consumer, known.Boxes):
		return nil, ErrOutdated.With("consumer %s", l.Consumer.ID)
	case err == nil && known.VersionID != a.course.VersionID:
		return nil, ErrOutdated.With("course %s", k.CourseKey)
	}
	return known, err
}

// linkKey is what tells the links of an LMS course apart.
func linkKey(l *lti.Launch, usageKey string) string { return cmp.Or(l.ResourceLink.ID, usageKey) }

// useNonce inserts the launch's nonce, or returns the row that has it already
// [OAuth1 §3.3]. The insert is the first write, so that of two copies of a
// launch that arrive together the second waits here and becomes a repeat.
func (h *Handler) useNonce(ctx context.Context, tx store.Tx, a *arrival, launchID string) (*store.Nonce, error) {
	n := a.verified.Nonce
	hash, err := hex.DecodeString(n.Key)
	if err != nil {
		return nil, err
	}
	fingerprint, err := hex.DecodeString(n.Fingerprint)
	if err != nil {
		return nil, err
	}
	return tx.Launches().UseNonce(ctx, store.Nonce{
		Hash: hash, Fingerprint: fingerprint, LaunchID: launchID, At: h.Clock(), ExpiresAt: n.ExpiresAt,
	})
}

// repeat rules on a launch whose nonce was used. Refusals leave the
// transaction empty. The very same launch within a minute, not yet opened, in
// the same browser is a double click; later the cookie in the browser decides.
func (h *Handler) repeat(ctx context.Context, tx store.Tx, a *arrival, taken *store.Nonce) (admission, error) {
	if err := judge(a, taken); err != nil {
		return admission{}, err
	}
	adm := admission{launchID: taken.LaunchID}
	var err error
	adm.ticket, err = h.Sessions.Reopen(ctx, tx, taken.LaunchID, a.r.UserAgent())
	if errors.Is(err, session.ErrHandle) {
		adm.reopen, err = true, nil
	}
	return adm, err
}

// judge rules on a message whose nonce was used by what taken says.
func judge(a *arrival, taken *store.Nonce) error {
	known := &lti11.Nonce{Key: a.verified.Nonce.Key, Fingerprint: hex.EncodeToString(taken.Fingerprint)}
	_, err := lti11.Judge(known, a.verified.Nonce, a.verified.Launch.Consumer.StrictReplay)
	return err
}

// write keeps all that a first-time launch says.
func (h *Handler) write(
	ctx context.Context, tx store.Tx, a *arrival, known *store.Known, launchID string,
) (session.Ticket, error) {
	l := &a.verified.Launch
	who, err := h.learner(ctx, tx, l, known)
	if err != nil {
		return session.Ticket{}, err
	}
	placementID, err := h.place(ctx, tx, a, known)
	if err != nil {
		return session.Ticket{}, err
	}
	if err := h.target(ctx, tx, a, who, placementID); err != nil {
		return session.Ticket{}, err
	}
	if err := h.consumer(ctx, tx, a, known); err != nil {
		return session.Ticket{}, err
	}
	if err := copied(ctx, tx, a, placementID); err != nil {
		return session.Ticket{}, err
	}
	if err := tx.Members().Seen(ctx, placementID, who.account.ID, noLearner(l.Roles), h.Clock()); err != nil {
		return session.Ticket{}, err
	}
	a.entry.CourseKey, a.entry.UsageKey = a.courseID.String(), a.usage.String()
	if err := tx.LaunchLog().Append(ctx, a.entry); err != nil {
		return session.Ticket{}, err
	}
	return h.Sessions.Open(ctx, tx, &store.Session{
		ID: launchID, ConsumerID: l.Consumer.ID, AccountID: who.account.ID, PlacementID: placementID,
		CourseKey: a.courseID.String(), UsageKey: a.usage.String(), Scope: scope(l), Staff: l.Roles.Staff,
		ReturnURL: l.Presentation.ReturnURL, Locale: cut(l.Presentation.Locale, 64), Query: a.query,
		ScoreHost: host(l.Outcome.ServiceURL),
	}, a.r.UserAgent())
}

// learn keeps what a good message tells of its LMS, and that it came. Launches do
// it by [Handler.consumer]. A test tells nothing of the LMS.
func (h *Handler) learn(ctx context.Context, tx store.Tx, a *arrival) error {
	l, now := &a.verified.Launch, h.Clock()
	if l.Test {
		return tx.LaunchLog().Append(ctx, a.entry)
	}
	if err := tx.Consumers().Launched(ctx, l.Consumer.ID, cut(l.Instance.GUID, 255), now); err != nil {
		return err
	}
	if err := tx.Consumers().UsedSecret(ctx, l.Consumer.ID, a.verified.Secret, now); err != nil {
		return err
	}
	for _, origin := range a.origins {
		if err := tx.Consumers().LearnOrigin(ctx, l.Consumer.ID, origin, now); err != nil {
			return err
		}
	}
	return tx.LaunchLog().Append(ctx, a.entry)
}

// noLearner reports whether somebody is not counted among an LMS course's
// learners. Who has no role we know is one.
func noLearner(r lti.Roles) bool { return (r.Staff || r.Mentor) && !r.Learner || r.TestUser }

// historyMost bounds how many earlier links of a launch are looked at.
const historyMost = 10

// copied ties a link to the one it was copied from, as the LMS says, and gives it
// that one's dates. Attempts are another matter: they are shared, or new for each
// LMS course, as the consumer says. Custom parameters get the history from
// $ResourceLink.id.history; D2L sends it by itself.
func copied(ctx context.Context, tx store.Tx, a *arrival, placementID string) error {
	history := ""
	for _, name := range []string{
		"custom_link_history", "custom_resource_link_id_history", "custom_resourcelink_id_history", "ext_d2l_resource_link_id_history",
	} {
		if value := a.verified.Param(name); value != "" && !strings.HasPrefix(value, "$") {
			history = value
			break
		}
	}
	if history == "" {
		return nil
	}
	var keys []string
	for _, key := range strings.Split(history, ",") {
		if key = strings.TrimSpace(key); key != "" && len(keys) < historyMost {
			keys = append(keys, key)
		}
	}
	from, err := tx.Placements().Copied(ctx, placementID, a.verified.Launch.Consumer.ID, keys)
	if err != nil || from == "" {
		return err
	}
	rule, err := tx.Dates().Setting(ctx, store.DatesOfLink, from)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	rule.Subject = placementID
	return tx.Dates().Put(ctx, *rule)
}

// scope is where the learner's state lives: shared by all links, or apart for
// each LMS course when the consumer asks for it.
func scope(l *lti.Launch) string {
	if !l.Consumer.FreshState {
		return ""
	}
	return l.Consumer.ID + "/" + l.Context.ID
}

// host returns the host of an address, "" when it has none.
func host(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return cut(u.Host, 255)
}

// origins returns where a verified launch came from: the sites that frame us.
func origins(r *http.Request, l *lti.Launch) []string {
	var out []string
	for _, raw := range []string{r.Header.Get("Origin"), r.Header.Get("Referer"), l.Presentation.ReturnURL} {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		origin := u.Scheme + "://" + u.Host
		if len(origin) < 256 && !slices.Contains(out, origin) && safeOrigin(u.Host) {
			out = append(out, origin)
		}
	}
	return out
}

// safeOrigin keeps what could end a directive out of our headers.
func safeOrigin(host string) bool {
	for _, c := range host {
		if c <= ' ' || c > '~' || c == ';' || c == ',' || c == '\'' || c == '"' || c == '*' {
			return false
		}
	}
	return true
}
