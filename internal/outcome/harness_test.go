package outcome_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/outcome"
	"lectern/internal/safehttp"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

const success = `<imsx_POXEnvelopeResponse xmlns="http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0">` +
	`<imsx_POXHeader><imsx_POXResponseHeaderInfo><imsx_statusInfo><imsx_codeMajor>%s</imsx_codeMajor>` +
	`<imsx_description>%s</imsx_description></imsx_statusInfo></imsx_POXResponseHeaderInfo></imsx_POXHeader>` +
	`<imsx_POXBody><replaceResultResponse/></imsx_POXBody></imsx_POXEnvelopeResponse>`

// gradebook is an LMS whose answers a test decides.
type gradebook struct {
	*httptest.Server

	mu     sync.Mutex
	got    []string // "sourcedid=score" in order of arrival
	answer func(w http.ResponseWriter, n int, sourcedID string)
	reads  int // readResult requests
	read   func(w http.ResponseWriter, n int, sourcedID string)
}

var (
	sourcedID = regexp.MustCompile(`<sourcedId>(.*?)</sourcedId>`)
	score     = regexp.MustCompile(`<textString>(.*?)</textString>`)
)

func newGradebook(t *testing.T) *gradebook {
	g := &gradebook{}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

func (g *gradebook) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	sid, value := sourcedID.FindSubmatch(body), score.FindSubmatch(body)
	if sid != nil && bytes.Contains(body, []byte("<readResultRequest>")) {
		g.mu.Lock()
		g.reads++
		n, read := g.reads, g.read
		g.mu.Unlock()
		read(w, n, string(sid[1]))
		return
	}
	if sid == nil || value == nil {
		http.Error(w, "not a replaceResult", http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	g.got = append(g.got, fmt.Sprintf("%s=%s", sid[1], value[1]))
	n, answer := len(g.got), g.answer
	g.mu.Unlock()
	if answer == nil {
		fmt.Fprintf(w, success, "success", "")
		return
	}
	answer(w, n, string(sid[1]))
}

// does makes f answer from now on; n counts requests from 1.
func (g *gradebook) does(f func(w http.ResponseWriter, n int, sourcedID string)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer = f
}

func (g *gradebook) received() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string{}, g.got...)
}

// scores is a scorer that a test fills, by target.
type scores struct {
	mu sync.Mutex
	by map[string]lti.Score
}

func (s *scores) set(target string, earned, possible float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by[target] = lti.Score{Earned: earned, Possible: possible}
}

func (s *scores) TargetScore(_ context.Context, t lti.GradeTarget) (lti.Score, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	score, answered := s.by[t.ID]
	return score, answered, nil
}

// secrets is the one consumer of these tests.
type secrets struct {
	lti.Consumer
	list []lti.Secret
}

func (s *secrets) Credentials(context.Context, string) (*lti.Consumer, []lti.Secret, error) {
	c := s.Consumer
	return &c, s.list, nil
}

// bench is a database, an LMS and a deliverer with a clock that stands still.
type bench struct {
	*outcome.Deliverer
	t        *testing.T
	store    *sqlstore.Store
	lms      *gradebook
	scores   *scores
	consumer *secrets

	mu  sync.Mutex
	now time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchAt(t, filepath.Join(t.TempDir(), "lectern.db"))
}

func newBenchAt(t *testing.T, dsn string) *bench {
	t.Helper()
	ctx := t.Context()
	s, err := sqlstore.Open(ctx, dsn, sqlstore.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b := &bench{
		t: t, store: s, lms: newGradebook(t), scores: &scores{by: map[string]lti.Score{}},
		now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		consumer: &secrets{
			Consumer: lti.Consumer{ID: "c1", Name: "LMS", Key: "consumer_key", Enabled: true},
			list:     []lti.Secret{{Slot: lti.Current, Value: "consumer_secret"}},
		},
	}
	b.Deliverer = b.another("worker")
	b.update(func(tx store.Tx) error {
		c := b.consumer.Consumer
		c.CreatedAt, c.UpdatedAt = b.now, b.now
		if err := tx.Consumers().Create(ctx, &c); err != nil {
			return err
		}
		return tx.Accounts().Create(ctx, &account.Account{
			ID: "a1", Username: "a1", Email: "a1@lti.example.com", Kind: account.Anonymous, Enabled: true, CreatedAt: b.now,
		})
	})
	return b
}

// another returns a deliverer over the same database, as another process has.
func (b *bench) another(name string) *outcome.Deliverer {
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	return &outcome.Deliverer{
		Store: b.store, Scorer: b.scores, Consumers: b.consumer, Name: name,
		Client: safehttp.New(safehttp.Options{Allow: []netip.Prefix{loopback}}),
		Clock:  b.clock, Chance: func() float64 { return 0.5 },
		Log: slog.New(slog.DiscardHandler),
	}
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) update(f func(tx store.Tx) error) {
	b.t.Helper()
	if err := b.store.Update(b.t.Context(), f); err != nil {
		b.t.Fatal(err)
	}
}

// target makes a grade target whose sourcedid is its link.
func (b *bench) target(link string) (id string) {
	b.t.Helper()
	b.update(func(tx store.Tx) (err error) {
		id, err = tx.Placements().PutTarget(b.t.Context(), lti.GradeTarget{
			ConsumerID: "c1", AccountID: "a1", LinkKey: link, CourseKey: "course-v1:o+c+r",
			UsageKey:  "block-v1:o+c+r+type@problem+block@" + link,
			Outcome:   lti.Outcome{ServiceURL: b.lms.URL + "/grades", SourcedID: link},
			UpdatedAt: b.clock(),
		})
		return err
	})
	return id
}

// answer changes a score and owes it.
func (b *bench) answer(target string, earned, possible float64, delay time.Duration) {
	b.t.Helper()
	b.scores.set(target, earned, possible)
	b.update(func(tx store.Tx) error {
		return tx.Owed().Owe(b.t.Context(), store.Debt{TargetID: target, At: b.clock(), Delay: delay})
	})
}

func (b *bench) drain() {
	b.t.Helper()
	if err := b.Drain(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// row returns the owed score of a link.
func (b *bench) row(link string) (o *store.OwedScore) {
	b.t.Helper()
	err := b.store.View(b.t.Context(), func(tx store.Tx) (err error) {
		o, err = tx.Owed().ForLink(b.t.Context(), "c1", "a1", link)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

func (b *bench) attempts(owed string) (list []store.Attempt) {
	b.t.Helper()
	err := b.store.View(b.t.Context(), func(tx store.Tx) (err error) {
		list, err = tx.Owed().Attempts(b.t.Context(), owed)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

func (b *bench) resend(f store.OwedFilter) (n int64) {
	b.update(func(tx store.Tx) (err error) {
		n, err = tx.Owed().Resend(b.t.Context(), f, b.clock())
		return err
	})
	return n
}

// wants checks what the LMS has received so far.
func (b *bench) wants(want ...string) {
	b.t.Helper()
	got := b.lms.received()
	if len(got) != len(want) {
		b.t.Fatalf("LMS received %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			b.t.Fatalf("LMS received %v, want %v", got, want)
		}
	}
}

// state checks where a row is.
func (b *bench) state(link string, want store.OwedState) *store.OwedScore {
	b.t.Helper()
	o := b.row(link)
	if o.State != want {
		b.t.Fatalf("row is %s (%s), want %s", o.State, o.LastError, want)
	}
	return o
}

func status(code int) func(http.ResponseWriter, int, string) {
	return func(w http.ResponseWriter, _ int, _ string) { w.WriteHeader(code) }
}

func says(major, description string) func(http.ResponseWriter, int, string) {
	return func(w http.ResponseWriter, _ int, _ string) { fmt.Fprintf(w, success, major, description) }
}

func jsonLog(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }
