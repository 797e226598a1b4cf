package learn_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"lectern/internal/account"
	"lectern/internal/catalog"
	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/keys"
	"lectern/internal/lti"
	"lectern/internal/session"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
	"lectern/internal/web"
	"lectern/internal/web/learn"
	"lectern/ui"

	"log/slog"
)

// now is when all tests happen.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// site is a server with one course and sessions that tests make up.
type site struct {
	t        *testing.T
	store    store.Store
	blobs    *blob.Bucket
	course   *course.Course
	server   *httptest.Server
	client   *http.Client
	sessions map[string]*session.Session // by launch
}

// newSite serves c to two learners of one LMS.
func newSite(t *testing.T, c *course.Course) *site {
	t.Helper()
	ctx := t.Context()
	st, err := sqlstore.Open(ctx, filepath.Join(t.TempDir(), "test.db"), sqlstore.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, store: st, blobs: memblob.OpenBucket(nil), course: c, sessions: map[string]*session.Session{}}
	t.Cleanup(func() { st.Close(); s.blobs.Close() })
	err = st.Update(ctx, func(tx store.Tx) error {
		for _, name := range []string{"ann", "ben"} {
			a := &account.Account{ID: name, Username: name, Email: name + "@test.example", Kind: account.Anonymous, Enabled: true, CreatedAt: now}
			if err := tx.Accounts().Create(ctx, a); err != nil {
				return err
			}
		}
		if err := tx.Consumers().Create(ctx, &lti.Consumer{ID: "lms", Name: "Test LMS", Key: "key", Enabled: true, CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		_, err := tx.Courses().Publish(ctx, &store.CourseVersion{Course: c, Report: "{}", ImportAt: now, Source: []byte("x")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cat := catalog.New(st)
	clock := func() time.Time { return now }
	h := learn.New(learn.Deps{
		Store: st, Catalog: cat, Blobs: s.blobs, Clock: clock,
		Grading: &grading.Service{Store: st, Courses: cat, Clock: clock},
	})
	s.serve(h)
	return s
}

func (s *site) serve(h *learn.Handler) {
	mux, err := web.New(web.Options{PublicURL: &url.URL{Scheme: "http", Host: "tool.test"}, Log: slog.New(slog.DiscardHandler), Clock: time.Now})
	if err != nil {
		s.t.Fatal(err)
	}
	mux.Handle("/learn/{launch}/{rest...}", func(w http.ResponseWriter, r *http.Request) error {
		sess := s.sessions[r.PathValue("launch")]
		if sess == nil {
			return session.ErrOver
		}
		return h.Serve(w, r, sess, r.PathValue("rest"))
	})
	mux.HandleHTTP("GET /ui/", ui.Handler())
	mux.Handle("/asset/{version}/static/{name...}", func(w http.ResponseWriter, r *http.Request) error {
		return h.Asset(w, r, r.PathValue("version"), r.PathValue("name"))
	})
	s.server = httptest.NewServer(mux)
	s.t.Cleanup(s.server.Close)
	s.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// launch makes a session for a block and returns its base.
func (s *site) launch(who, typ, id string, change ...func(*session.Session)) string {
	sess := &session.Session{
		Session: store.Session{
			ID: fmt.Sprintf("L%d", len(s.sessions)+1), ConsumerID: "lms", AccountID: who,
			CourseKey: s.course.Key.String(), UsageKey: s.course.Key.Usage(typ, id).String(),
		},
		Consumer:       &lti.Consumer{ID: "lms", Name: "Test LMS"},
		Account:        &account.Account{ID: who, Email: who + "@test.example", Kind: account.Anonymous},
		FrameAncestors: []string{"https://lms.test"},
	}
	sess.Base = "/learn/" + sess.ID + "/"
	for _, f := range change {
		f(sess)
	}
	s.sessions[sess.ID] = sess
	return sess.Base
}

func staff(s *session.Session) { s.Staff = true }

func query(q string) func(*session.Session) { return func(s *session.Session) { s.Query = q } }

// reply is an answer of the server, read whole.
type reply struct {
	Status int
	Header http.Header
	Body   string
}

func (s *site) do(method, path string, form url.Values, header ...string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(b)}
}

// get opens a page. A launch leads on to the step where the learner was.
func (s *site) get(path string, header ...string) reply {
	s.t.Helper()
	r := s.do(http.MethodGet, path, nil, header...)
	if to := r.Header.Get("Location"); r.Status == http.StatusSeeOther && strings.Contains(to, "/block/") && !strings.Contains(path, "/block/") {
		return s.do(http.MethodGet, to, nil, header...)
	}
	return r
}

// post posts as a form does and follows the answer.
func (s *site) post(path string, form url.Values) reply {
	s.t.Helper()
	r := s.do(http.MethodPost, path, form)
	if r.Status == http.StatusSeeOther {
		to, _, _ := strings.Cut(r.Header.Get("Location"), "#")
		return s.get(to)
	}
	return r
}

func (s *site) put(sha, text string) {
	if err := s.blobs.WriteAll(context.Background(), course.BlobKey(sha), []byte(text), nil); err != nil {
		s.t.Fatal(err)
	}
}

// has checks that a page has all of want.
func (r reply) has(t *testing.T, want ...string) {
	t.Helper()
	if r.Status != http.StatusOK {
		t.Fatalf("status %d: %.600s", r.Status, r.Body)
	}
	for _, w := range want {
		if !strings.Contains(r.Body, w) {
			t.Errorf("page lacks %q:\n%s", w, main(r.Body))
		}
	}
}

// lacks checks that a page has none of words.
func (r reply) lacks(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(r.Body, w) {
			t.Errorf("page has %q:\n%s", w, main(r.Body))
		}
	}
}

// main cuts the part of a page between <body> and </body>.
func main(body string) string {
	if _, after, ok := strings.Cut(body, "<body"); ok {
		return after
	}
	return body
}

// --- courses ---

var testKey = keys.Course{Org: "Org", Course: "C1", Run: "R1"}

func block(typ, id, name string, children ...*course.Block) *course.Block {
	b := &course.Block{Ref: course.Ref{Type: typ, ID: id}, Name: name, Fields: map[string]string{}, Children: children, Fate: course.Shown}
	if len(children) > 0 || typ == "sequential" || typ == "vertical" {
		b.Fate = course.Container
	}
	return b
}

func htmlBlock(id, text string) *course.Block {
	b := block("html", id, "Text "+id)
	b.Data = text
	return b
}

func problemBlock(id, xml string) *course.Block {
	b := block("problem", id, "Problem "+id)
	b.Data, b.Scored, b.MaxScore, b.Class = "<problem>"+xml+"</problem>", true, 1, "native"
	b.Settings.ShowAnswer, b.Settings.Rerandomize = "finished", "never"
	return b
}

func courseOf(children ...*course.Block) *course.Course {
	return &course.Course{Key: testKey, VersionID: "v1", Name: "Course One", Language: "en", Root: block("course", "course", "Course One", children...)}
}

func with(b *course.Block, f func(*course.Block)) *course.Block { f(b); return b }
