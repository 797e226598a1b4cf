// Package launch is the front door: it takes LTI 1.1 launches and opens
// sessions for them.
//
// One request goes through these steps; the first that fails decides the
// answer, as in Open edX:
//
//	1  LTI switched off?                        403
//	2  address of the right shape?              404
//	3  body within bounds, nine parameters      413, 400
//	4  consumer, signature, clock               403   nothing is written until here but a capped log row
//	5  limits of the consumer: dates, courses   403
//	   course and usage key, block, visible     404
//	6  account                                  403   with a page that waits for a sign-in, where that helps
//	7  one transaction: nonce, rate (429), account, placement, grade target, session, log row
//	8  303 to the learner's page
//
// A refused launch writes nothing but its row in the launch log. Its page may
// be framed by any site, since nothing on it is private. Once the signature
// holds the page offers the way back to the LMS, with lti_errormsg.
package launch

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"lectern/internal/access"
	"lectern/internal/account"
	"lectern/internal/catalog"
	"lectern/internal/continuation"
	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/launchlog"
	"lectern/internal/linktest"
	"lectern/internal/lti/lti11"
	"lectern/internal/registry"
	"lectern/internal/selection"
	"lectern/internal/session"
	"lectern/internal/store"
	"lectern/internal/telemetry"
	"lectern/internal/web"
)

// Prefix is the path of every LTI 1.1 launch, as in Open edX.
const Prefix = "/lti_provider/courses/"

// maxBody is the largest launch: content-item and Canvas bodies are big, a
// normal one has some 6 kB.
const maxBody = 1 << 20

// Refusals that are about this site, not about the message.
var (
	ErrOff = errs.New(errs.Forbidden, "launch_disabled", "",
		"This site does not take launches from course sites at the moment.",
		"LECTERN_LTI_PROVIDER is off.")
	ErrVerb = errs.New(errs.Invalid, "launch_not_posted", "LTI11 launch",
		"This is the address of course content. Please open it from your course.",
		"Somebody opened a launch address directly. In the LMS it belongs into an external tool link.")
	ErrBody = errs.New(errs.TooLarge, "launch_too_large", "",
		"The launch that your course site sent is too large. Please tell your course administrator.",
		"A launch has at most 1 MiB.")
	ErrBlock = errs.New(errs.NotFound, "launch_content_unknown", "",
		"This content is not in the course any more. Please tell your course team.",
		"The course has no block with this usage key: compare the link with lectern course links.")
)

// ErrOutdated means that the consumer or the course of a launch changed while it
// was looked at.
var ErrOutdated = errs.New(errs.Unavailable, "launch_outdated", "",
	"This site is being changed at the moment. Please open it again from your course.",
	"The consumer or the course changed several times during one launch.")

// Deps is what launches need.
type Deps struct {
	Store    store.Store
	Verifier *lti11.Verifier
	Memory   *registry.Recent // what the verifier reads consumers from
	Catalog  *catalog.Catalog
	Sessions *session.Sessions
	Accounts *account.Resolver
	Waiting  *continuation.Service
	// Selections open pages to choose content in, for requests that ask for it.
	Selections *selection.Service
	// Refuse shows what a launch lacks that asks for a sign-in, and lets it wait.
	Refuse func(w http.ResponseWriter, r *http.Request, l *continuation.Launch, err error) error
	// Ask returns where somebody can ask for a consumer after a launch with a key
	// that is unknown; nil when the site takes no such requests.
	Ask func(l access.Launch) string
	// ContentURL is where learners' pages are, without a slash at its end; ""
	// when they are on this host.
	ContentURL string
	CheckURL   func(raw string) error     // may scores be sent there?
	Query      func(q url.Values) error   // does the launch address ask for something we can show?
	Proxies    []netip.Prefix             // whose forwarding headers are believed
	Secure     func(r *http.Request) bool // may this browser keep Secure cookies from us?
	Clock      func() time.Time
	Metrics    *telemetry.Metrics
	Off        bool
}

// Handler takes launches. It is safe for concurrent use.
type Handler struct {
	Deps
	strangers *rate.Limiter // of rows about requests nobody vouches for
	marks     marks
}

// New returns a handler.
func New(d Deps) *Handler {
	return &Handler{Deps: d, strangers: rate.NewLimiter(unverifiedRate, unverifiedBurst), marks: marks{store: d.Store}}
}

// Mount adds the launch addresses to the mux.
func (h *Handler) Mount(m *web.Mux) {
	m.HandleRaw(Prefix, h.serve)
	m.HandleRaw(SelectPath, h.serve)
}

// arrival is one launch on its way through the steps.
type arrival struct {
	r        *http.Request
	entry    store.LaunchEntry
	req      *lti11.Request // nil until it was read
	course   *course.Course
	block    *course.Block
	courseID keys.Course
	usage    keys.Usage
	query    string          // raw, of the launch address
	verified *lti11.Verified // nil until the signature holds
	origins  []string        // where the launch came from; empty until the signature holds

	// resume takes a launch that waited out of the waiting room, in the
	// transaction that goes on with it; nil for one that was just posted.
	resume  func(ctx context.Context, tx store.Tx) error
	key     string // of the consumer, as it was sent
	counted string // the placement whose launch is still to be counted; "" for none
	id      string // of the launch that waited; "" makes a new one
}

// serve answers one launch and logs it, good or refused.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	page := web.PageOf(r)
	page.Framing, page.Reference = web.FramedByAny, web.NewReference()
	w.Header().Set("P3P", `CP="Lectern has no P3P policy."`)
	a := &arrival{r: r, query: r.URL.RawQuery, entry: store.LaunchEntry{ID: page.Reference, At: h.Clock(), Code: "ok"}}
	location, err := h.open(w, a)
	for try := 1; try < outdatedTries && err != nil && h.outdated(a, err); try++ {
		a = &arrival{r: r, query: a.query, req: a.req, entry: store.LaunchEntry{ID: a.entry.ID, At: a.entry.At, Code: "ok"}}
		location, err = h.open(w, a)
	}
	if err != nil {
		h.refused(a, err)
		h.ask(a, err)
		if errors.Is(err, ErrTooOften) {
			h.retryAfter(w)
		}
		if errors.Is(err, account.ErrRequired) {
			return h.Refuse(w, r, a.waiting(), err)
		}
		return err
	}
	h.count("ok")
	if h.Metrics != nil {
		h.Metrics.LaunchClock(a.verified.Age)
	}
	http.Redirect(w, r, location, http.StatusSeeOther)
	return nil
}

// open goes through the steps and returns where the learner goes.
func (h *Handler) open(w http.ResponseWriter, a *arrival) (location string, err error) {
	if h.Off {
		return "", ErrOff
	}
	if a.r.URL.EscapedPath() == SelectPath {
		return h.choose(a)
	}
	courseKey, usage, errKeys := keys.ParseLaunchPath(strings.TrimPrefix(a.r.URL.EscapedPath(), Prefix))
	if errors.Is(errKeys, keys.ErrAddress) {
		return "", errKeys
	}
	a.courseID, a.usage = courseKey, usage
	req, err := h.read(a)
	if err != nil {
		return "", err
	}
	if req.MessageType() == lti11.ContentItemRequest {
		return h.selects(a, req)
	}
	if err := h.verify(a, req); err != nil {
		return "", err
	}
	if errKeys != nil {
		return "", errKeys
	}
	if err := h.find(a); err != nil {
		return "", err
	}
	return h.admit(w, a)
}

// verify checks everything that the message itself says.
func (h *Handler) verify(a *arrival, req *lti11.Request) error {
	verified, err := h.Verifier.Verify(a.r.Context(), req)
	a.verified = verified
	if verified != nil {
		a.origins = origins(a.r, &verified.Launch)
		launchlog.Proven(&a.entry, verified)
	}
	h.recognise(a, err)
	return err
}

// recognise finds out whether a launch is a test of an operator's.
func (h *Handler) recognise(a *arrival, err error) {
	var sent lti11.Sent
	var refusal *lti11.Refusal
	switch {
	case a.verified != nil:
		sent = a.verified.Sent()
	case errors.As(err, &refusal):
		sent = refusal.Sent
	}
	a.key = sent.Param("oauth_consumer_key")
	a.entry.TestID = linktest.Known(a.r.Context(), h.Store, h.Clock, sent.Form)
	if a.entry.TestID != "" && a.verified != nil && !linktest.Mark(&a.verified.Launch) {
		a.entry.TestID = "" // somebody's real launch
	}
}

// facts are what the connection says about the browser's address.
func (h *Handler) facts(r *http.Request) lti11.Facts {
	f := lti11.Facts{
		Host: r.Host, TLS: r.TLS != nil,
		ForwardedProto: r.Header.Get("X-Forwarded-Proto"), ForwardedHost: r.Header.Get("X-Forwarded-Host"),
		ForwardedPort: r.Header.Get("X-Forwarded-Port"), ForwardedPrefix: r.Header.Get("X-Forwarded-Prefix"),
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return f
	}
	for _, p := range h.Proxies {
		if p.Contains(peer.Addr().Unmap()) {
			f.Trusted = true
		}
	}
	return f
}

// find resolves the address to a block that this learner may see.
func (h *Handler) find(a *arrival) error {
	if err := h.allowed(a); err != nil {
		return err
	}
	query, err := url.ParseQuery(a.query)
	if err != nil {
		query = url.Values{} // nothing in it that we could show
	}
	if err := h.Query(query); err != nil {
		return err
	}
	c := h.Catalog.Last(a.courseID.String())
	if c == nil || a.resume != nil {
		if c, err = h.Catalog.Course(a.r.Context(), a.courseID.String()); err != nil {
			return err
		}
	}
	a.course = c
	a.block = c.Block(course.Ref{Type: a.usage.Type, ID: a.usage.ID})
	if a.block == nil {
		return ErrBlock.With("usage %q", a.usage.String())
	}
	err = c.Visible(a.block, course.Viewer{}, h.Clock())
	if errors.Is(err, course.ErrCourseNotStarted) || errors.Is(err, course.ErrBlockNotStarted) || errors.Is(err, course.ErrAfterDue) {
		return h.dates(a, err)
	}
	return err
}

// dates judges again what a date closed, by the dates that count at this link
// and for this learner. closed is returned where they are the course's own.
func (h *Handler) dates(a *arrival, closed error) error {
	ctx, l := a.r.Context(), &a.verified.Launch
	var terms *store.Terms
	err := h.Store.View(ctx, func(tx store.Tx) error {
		k := store.TermsKey{CourseKey: a.courseID.String(), ConsumerID: l.Consumer.ID, Scope: scope(l)}
		p, err := tx.Placements().Find(ctx, l.Consumer.ID, l.Context.ID, linkKey(l, a.usage.String()))
		if err == nil {
			k.PlacementID = p.ID
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		who, err := tx.Accounts().ByLink(ctx, l.Consumer.ID, l.User.ID)
		if err == nil {
			k.AccountID = who.ID
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		terms, err = tx.Dates().Terms(ctx, k)
		return err
	})
	if err != nil {
		return err
	}
	d := course.NewDates(a.course, terms.Rule, terms.Extra)
	if d == nil {
		return closed
	}
	return a.course.Visible(a.block, course.Viewer{Dates: d}, h.Clock())
}

// refused logs a refusal and, when the LMS really sent the launch, offers the
// learner the way back with a word on what happened [LTI11 "Return URL"].
func (h *Handler) refused(a *arrival, err error) {
	e := errs.From(err)
	h.count(e.Code)
	a.entry.CourseKey, a.entry.UsageKey = a.courseID.String(), a.usage.String()
	launchlog.Refused(&a.entry, err)
	if a.verified != nil {
		l := a.verified.Launch
		if back := l.Presentation.ReturnURL; back != "" {
			plain := strings.HasPrefix(back, "http://")
			if u, err := lti11.ReturnURL(back, plain, e.Public, "lectern: "+e.Code); err == nil {
				web.PageOf(a.r).ReturnURL = u
			}
		}
	}
	// The log must not decide what the learner reads: its failure is only noted.
	if err := h.logRefusal(context.WithoutCancel(a.r.Context()), a.entry); err != nil {
		telemetry.Add(a.r.Context(), slog.String("launch_log", err.Error()))
	}
}

// Limits on what strangers can write: this many unverified rows an hour, and
// this many transactions a second, so that they fill neither the disk nor the
// writer's queue. What is over is still counted in the metrics and the log.
const (
	unverifiedRows  = 500
	unverifiedSpan  = time.Hour
	unverifiedRate  = 10
	unverifiedBurst = 200
)

func (h *Handler) logRefusal(ctx context.Context, e store.LaunchEntry) error {
	if !e.Verified && !h.strangers.Allow() {
		return nil
	}
	return h.Store.Update(ctx, func(tx store.Tx) error {
		if e.Verified {
			return tx.LaunchLog().Append(ctx, e)
		}
		return tx.LaunchLog().AppendUnverified(ctx, e, e.At.Add(-unverifiedSpan), unverifiedRows)
	})
}

func (h *Handler) count(code string) {
	if h.Metrics != nil {
		h.Metrics.Launch("1.1", code)
	}
}

// cut shortens s to at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
