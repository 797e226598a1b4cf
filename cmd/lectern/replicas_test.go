package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/fakelms"
	"lectern/internal/lmstest"
	"lectern/internal/registry"
	"lectern/internal/sealed"
	"lectern/internal/store"
)

// balancer is one address for several sites. A test says which one gets the
// next requests; nothing sticks.
type balancer struct {
	*httptest.Server
	to atomic.Pointer[url.URL]
}

func newBalancer(t *testing.T) *balancer {
	b := &balancer{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(b.to.Load())
		r.Out.Host = r.In.Host
	}}
	b.Server = httptest.NewServer(proxy)
	t.Cleanup(b.Close)
	return b
}

// use sends the next requests to the site that listens at address.
func (b *balancer) use(t *testing.T, address string) {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	b.to.Store(u)
}

// pair is two sites that share a PostgreSQL database, a sealing key, a folder of
// course files and an address, and nothing else.
type pair struct {
	*balancer
	t    *testing.T
	a, b *testSite
	own  map[*testSite]string // where each listens
}

func startPair(t *testing.T) *pair {
	p := &pair{balancer: newBalancer(t), t: t, own: map[*testSite]string{}}
	dsn, key, files := postgres.Database(t), sealed.NewKey().Encode(), filepath.ToSlash(t.TempDir())
	start := func() *testSite {
		s := startSite(t, func(c *config.Config) {
			c.Database, c.SealingKey, c.PublicURL = dsn, key, p.URL
			c.Assets = "file://" + files + "?metadata=skip&no_tmp_dir=true"
		})
		p.own[s], s.url = s.url, p.URL
		return s
	}
	p.a, p.b = start(), start()
	p.on(p.a)
	return p
}

// on sends the next requests to s and returns it.
func (p *pair) on(s *testSite) *testSite {
	p.use(p.t, p.own[s])
	return s
}

// TestReplicasAgree changes something on one replica; the other one knows at
// once.
func TestReplicasAgree(t *testing.T) {
	p := startPair(t)
	p.a.importFiles(testCourse())
	p.a.consumer("consumer_key", "secret", nil)
	for name, test := range map[string]func(*testing.T, *pair){
		"nonce": replicasNonce, "handle": replicasHandle, "session": replicasSession, "course": replicasCourse,
		"secret": replicasSecret, "consumer": replicasConsumer, "account": replicasAccount, "throttle": replicasThrottle,
		"continuation": replicasContinuation, "networks": replicasNetworks,
	} {
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
}

// A launch that one replica took is refused by the other: strictly, and with
// other parameters.
func replicasNonce(t *testing.T, p *pair) {
	p.a.consumer("strict", "s", func(spec *registry.Spec) { spec.StrictReplay = true })
	m := p.a.good(path("problem", "block_id")).set("user_id", "nonce")
	m.key, m.secret = "strict", "s"
	form := p.a.signed(m)
	if got := p.on(p.a).postForm(newBrowser(t), m, form); got.StatusCode != http.StatusSeeOther {
		t.Fatalf("launch on A: %d %s", got.StatusCode, got.code())
	}
	if got := p.on(p.b).postForm(newBrowser(t), m, form); got.StatusCode != http.StatusForbidden || got.code() != "launch_replayed" {
		t.Errorf("replay on B: %d %s", got.StatusCode, got.code())
	}
	m = p.a.good(path("problem", "block_id"))
	m.nonce, m.at = "the same nonce", time.Now() // the second is part of what may be used once
	p.on(p.a).open(newBrowser(t), m)
	if got := p.on(p.b).post(newBrowser(t), m.set("user_id", "somebody else")); got.StatusCode != http.StatusForbidden {
		t.Errorf("other parameters under the nonce on B: %d", got.StatusCode)
	}
}

// A one-time handle that one replica gave is redeemed at the other, once.
func replicasHandle(t *testing.T, p *pair) {
	launched := p.on(p.a).post(newBrowser(t), p.a.good(path("problem", "block_id")).set("user_id", "handle"))
	to, err := launched.Location()
	if err != nil || to.Query().Get("h") == "" {
		t.Fatalf("no handle: %v, %v", to, err)
	}
	if got := p.on(p.b).follow(newBrowser(t), p.b.get(newBrowser(t), to.String())); got.StatusCode != http.StatusOK {
		t.Errorf("redeemed on B: %d %s", got.StatusCode, got.code())
	}
	if got := p.on(p.a).follow(newBrowser(t), p.a.get(newBrowser(t), to.String())); got.StatusCode == http.StatusOK {
		t.Error("redeemed on A once more")
	}
}

// A learner's page of one replica is answered at the other.
func replicasSession(t *testing.T, p *pair) {
	browser := newBrowser(t)
	shown := p.on(p.a).open(browser, p.a.good(path("problem", "block_id")).set("user_id", "session"))
	shown = p.on(p.b).answer(browser, shown, "block_id", map[string]string{"_2_1": "choice_1"})
	if !strings.Contains(shown.body, "Correct (1/1 point)") {
		t.Fatalf("answered on B: %d %s", shown.StatusCode, shown.code())
	}
	if again := p.on(p.a).get(browser, shown.Request.URL.String()); !strings.Contains(again.body, "Correct (1/1 point)") {
		t.Errorf("F5 on A: %d", again.StatusCode)
	}
}

// A course that is imported anew on one replica is what the other shows.
func replicasCourse(t *testing.T, p *pair) {
	browser := newBrowser(t)
	m := p.b.good(path("vertical", "v1")).set("user_id", "course")
	if shown := p.on(p.b).open(browser, m); !strings.Contains(shown.body, "Words of unit one.") {
		t.Fatalf("before: %s", shown.body)
	}
	files := testCourse()
	files["html/h1.html"] = `<p>Other words.</p>`
	p.a.importFiles(files)
	defer p.a.importFiles(testCourse())
	if shown := p.on(p.b).open(browser, m); !strings.Contains(shown.body, "Other words.") {
		t.Errorf("after: %s", shown.body)
	}
}

// Secrets made and dropped on one replica count at the other.
func replicasSecret(t *testing.T, p *pair) {
	c := p.a.consumer("rotating", "old secret", nil)
	try := func(secret string) int {
		m := p.b.good(path("problem", "block_id")).set("user_id", "secret")
		m.key, m.secret = "rotating", secret
		return p.on(p.b).post(newBrowser(t), m).StatusCode
	}
	if got := try("old secret"); got != http.StatusSeeOther {
		t.Fatalf("old secret: %d", got)
	}
	if _, err := p.a.app.Registry.Rotate(t.Context(), "test", c.ID, "new secret"); err != nil {
		t.Fatal(err)
	}
	if fresh, old := try("new secret"), try("old secret"); fresh != http.StatusSeeOther || old != http.StatusSeeOther {
		t.Errorf("while both live: new %d, old %d", fresh, old)
	}
	if err := p.a.app.Registry.DropSecret(t.Context(), "test", c.ID, "previous"); err != nil {
		t.Fatal(err)
	}
	if fresh, old := try("new secret"), try("old secret"); fresh != http.StatusSeeOther || old != http.StatusForbidden {
		t.Errorf("after dropping the old one: new %d, old %d", fresh, old)
	}
}

// A consumer disabled on one replica is disabled at the other, with its open
// sessions.
func replicasConsumer(t *testing.T, p *pair) {
	c := p.a.consumer("closing", "s", nil)
	m := p.b.good(path("problem", "block_id")).set("user_id", "consumer")
	m.key, m.secret = "closing", "s"
	browser := newBrowser(t)
	shown := p.on(p.b).open(browser, m)
	if err := p.a.app.Registry.SetEnabled(t.Context(), "test", c.ID, false); err != nil {
		t.Fatal(err)
	}
	if got := p.on(p.b).post(newBrowser(t), m); got.StatusCode != http.StatusForbidden {
		t.Errorf("a launch: %d", got.StatusCode)
	}
	if got := p.b.get(browser, shown.Request.URL.String()); got.StatusCode == http.StatusOK {
		t.Error("an open session still works")
	}
}

// Who signs out, or is closed out, at one replica is out at the other.
func replicasAccount(t *testing.T, p *pair) {
	ada := p.a.local("ada", "", "a pass phrase", false)
	browser := newBrowser(t)
	if got := p.on(p.a).trySignIn(browser, "ada", "a pass phrase", ""); got.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign in on A: %d", got.StatusCode)
	}
	if who := p.on(p.b).whoIs(browser); who != "ada" {
		t.Fatalf("on B: %q", who)
	}
	out := p.b.get(browser, "/logout")
	p.b.submit(browser, "/logout", p.b.fill(out))
	if who := p.on(p.a).whoIs(browser); who != "" {
		t.Errorf("signed out on B, on A still %q", who)
	}
	p.on(p.a).trySignIn(browser, "ada", "a pass phrase", "")
	p.a.write(func(ctx context.Context, tx store.Tx) error {
		a, err := tx.Accounts().ByID(ctx, ada.ID)
		if err != nil {
			return err
		}
		a.Enabled = false
		return tx.Accounts().Update(ctx, a)
	})
	if who := p.on(p.b).whoIs(browser); who != "" {
		t.Errorf("closed on A, on B still %q", who)
	}
}

// Wrong passwords are counted across replicas.
func replicasThrottle(t *testing.T, p *pair) {
	p.a.local("bob", "", "a pass phrase", false)
	for n := range 100 {
		s := p.a
		if n%2 == 1 {
			s = p.b
		}
		if p.on(s).trySignIn(newBrowser(t), "bob", "wrong", "").StatusCode != http.StatusTooManyRequests {
			continue
		}
		other := p.b
		if s == p.b {
			other = p.a
		}
		if got := p.on(other).trySignIn(newBrowser(t), "bob", "wrong", ""); got.StatusCode != http.StatusTooManyRequests {
			t.Errorf("throttled on one replica, on the other %d", got.StatusCode)
		}
		return
	}
	t.Error("never throttled")
}

// A launch that waits at one replica is let in by the other.
func replicasContinuation(t *testing.T, p *pair) {
	p.a.consumer("consumer_key_2", "secret_2", func(spec *registry.Spec) { spec.RequireUserAccount = true })
	p.a.person("ines", "ines@school.example", nil)
	waiting := p.on(p.a).waits(newBrowser(t), p.a.closed("ines@school.example"))
	tab := newBrowser(t)
	p.on(p.b).signIn(tab, "ines", waiting.tab)
	waiting.s = p.b
	if got := waiting.give(tab, waiting.code); got.StatusCode >= 400 {
		t.Fatalf("code on B: %d %s", got.StatusCode, got.code())
	}
	p.on(p.a)
	if state, _ := waiting.state(); state != "confirmed" {
		t.Errorf("on A the launch is %q", state)
	}
}

// Networks that were admitted on one replica are known to the other, after two
// seconds at the latest.
func replicasNetworks(t *testing.T, p *pair) {
	const network = "198.51.100.0/24"
	p.b.app.Networks.Allowed()
	p.a.write(func(ctx context.Context, tx store.Tx) error { return tx.Settings().Put(ctx, "outbound_allow", network) })
	p.b.eventually(func() bool {
		list := p.b.app.Networks.Allowed()
		return len(list) == 1 && list[0].String() == network
	})
}

// TestReplicasDeliver owes a score on a replica whose deliverer has been
// stopped; the other one delivers it.
func TestReplicasDeliver(t *testing.T) {
	p := startPair(t)
	p.a.importFiles(testCourse())
	p.a.consumer("k", "s", nil)
	lms := lmstest.Start(t, fakelms.Options{Key: "k", Secret: "s"})
	if err := lms.SetLinks([]fakelms.Link{
		{ID: "leaf", Title: "Problem", LaunchURL: p.URL + path("problem", "block_id"), Graded: true},
	}); err != nil {
		t.Fatal(err)
	}
	if err := p.a.site.deliverer.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	browser := newBrowser(t)
	shown := p.on(p.a).fromLMS(browser, lms.MustLaunch("ana", "leaf"))
	p.a.answer(browser, shown, "block_id", map[string]string{"_2_1": "choice_1"})
	lms.WaitGrade("ana", "leaf", "1", 10*time.Second)
}

// TestNotReadyWhileDraining tells a site to stop: it says so to load balancers
// and goes on serving for as long as it was told to.
func TestNotReadyWhileDraining(t *testing.T) {
	s := startSite(t, nil)
	if p := s.get(newBrowser(t), "/readyz"); p.StatusCode != http.StatusOK {
		t.Fatalf("ready: %d", p.StatusCode)
	}
	s.app.Config.DrainTime = time.Hour
	t.Cleanup(func() { s.app.Config.DrainTime = 0 })
	failed, drained := make(chan error), make(chan error, 1)
	go func() { drained <- s.site.drain(failed) }()
	s.eventually(func() bool {
		p := s.get(newBrowser(t), "/readyz")
		return p.StatusCode == http.StatusServiceUnavailable && p.code() == "site_stopping"
	})
	if p := s.get(newBrowser(t), "/healthz"); p.StatusCode != http.StatusOK {
		t.Errorf("while draining: %d", p.StatusCode)
	}
	failed <- nil // the listener is gone, so there is nothing to wait for
	if err := <-drained; err != nil {
		t.Error(err)
	}
}
