package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/config"
)

// fakeIDP is an OpenID Connect provider on loopback.
type fakeIDP struct {
	t      *testing.T
	server *httptest.Server
	key    *rsa.PrivateKey

	mu     sync.Mutex
	person map[string]any              // who signs in next
	spoil  func(claims map[string]any) // what it lies about
	codes  map[string]url.Values       // authorization requests by code
}

func newIDP(t *testing.T) *fakeIDP {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &fakeIDP{t: t, key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.json(w, map[string]any{
			"issuer": p.server.URL, "authorization_endpoint": p.server.URL + "/authorize",
			"token_endpoint": p.server.URL + "/token", "jwks_uri": p.server.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.json(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig",
			"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p *fakeIDP) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func (p *fakeIDP) authorize(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := r.URL.Query()
	code := rand.Text()
	p.codes[code] = q
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

// token answers once per code, to who has the secret and the PKCE verifier.
func (p *fakeIDP) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	asked, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if id != "lectern" || secret != "idp-secret" || !known || asked.Get("code_challenge_method") != "S256" ||
		asked.Get("code_challenge") != b64(sum[:]) || asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		p.json(w, map[string]any{"error": "invalid_grant"})
		return
	}
	now := time.Now().Unix()
	claims := map[string]any{"iss": p.server.URL, "aud": "lectern", "iat": now, "exp": now + 300, "nonce": asked.Get("nonce")}
	for name, v := range p.person {
		claims[name] = v
	}
	if p.spoil != nil {
		p.spoil(claims)
	}
	p.json(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": p.sign(claims)})
}

func (p *fakeIDP) sign(claims map[string]any) string {
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	signed := b64([]byte(`{"alg":"RS256","kid":"k"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return signed + "." + b64(sig)
}

// is says who signs in next, and what the provider lies about.
func (p *fakeIDP) is(person map[string]any, spoil func(map[string]any)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.person, p.spoil = person, spoil
}

// campusSite is a site with an identity provider.
func campusSite(t *testing.T) (*testSite, *fakeIDP) {
	t.Helper()
	idp := newIDP(t)
	return startSite(t, func(c *config.Config) {
		c.OIDCIssuer, c.OIDCClientID, c.OIDCClientSecret, c.OIDCName = idp.server.URL, "lectern", "idp-secret", "Campus"
	}), idp
}

// providerAnswer goes to the provider and returns the address that its answer leads to
// on the site.
func (s *testSite) providerAnswer(browser *http.Client) string {
	s.t.Helper()
	p := s.get(browser, "/login/idp?next=/account")
	for range 2 { // to the provider, and back
		to, err := p.Location()
		if err != nil {
			s.t.Fatalf("no redirect: %d %s", p.StatusCode, p.code())
		}
		p = s.get(browser, to.String())
	}
	_, to, ok := strings.Cut(p.Header.Get("Refresh"), "url=")
	if !ok {
		s.t.Fatalf("callback: %d %s", p.StatusCode, p.code())
	}
	return to
}

// campus signs in at the provider.
func (s *testSite) campus(browser *http.Client) page {
	s.t.Helper()
	return s.get(browser, s.providerAnswer(browser))
}

// whoIs returns who is signed in in a browser, "" for nobody.
func (s *testSite) whoIs(browser *http.Client) string {
	s.t.Helper()
	p := s.get(browser, "/account")
	_, after, ok := strings.Cut(p.body, "<dt>User name</dt><dd>")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(after, "<")
	return name
}

func TestIdentityProvider(t *testing.T) {
	s, idp := campusSite(t)
	if p := s.get(newBrowser(t), "/login"); !strings.Contains(p.body, "Sign in with Campus") {
		t.Error("no button")
	}
	idp.is(map[string]any{"sub": "1", "email": "Ada@Example.edu", "email_verified": true, "name": "Ada L", "preferred_username": "ada"}, nil)
	browser := newBrowser(t)
	if p := s.campus(browser); p.StatusCode != http.StatusSeeOther || p.Header.Get("Location") != "/account" {
		t.Fatalf("first sign-in: %d %s", p.StatusCode, p.code())
	}
	if got := s.whoIs(browser); got != "ada" {
		t.Errorf("signed in as %q", got)
	}
	ada := s.account("ada")
	if ada.Admin || ada.Kind != account.Local || ada.Email != "ada@example.edu" || ada.Name != "Ada L" {
		t.Errorf("account %+v", ada)
	}
	if p := s.get(browser, "/admin"); p.StatusCode != http.StatusForbidden {
		t.Errorf("the console opens for a learner: %d", p.StatusCode)
	}
	// The same person later, under another address; somebody else with the same
	// name and an address that nobody checked.
	idp.is(map[string]any{"sub": "1", "email": "other@example.edu", "email_verified": true}, nil)
	again := newBrowser(t)
	s.campus(again)
	if got := s.whoIs(again); got != "ada" {
		t.Errorf("later: %q", got)
	}
	idp.is(map[string]any{"sub": "2", "email": "ada@example.edu", "email_verified": false, "preferred_username": "ada"}, nil)
	stranger := newBrowser(t)
	s.campus(stranger)
	if got := s.whoIs(stranger); got == "ada" || got == "" || s.account(got).Email != "" {
		t.Errorf("somebody else became %q with %q", got, s.account(got).Email)
	}
	// A second person to whom the provider gives the address later.
	idp.is(map[string]any{"sub": "3", "email": "ada@example.edu", "email_verified": "true"}, nil)
	if p := s.campus(newBrowser(t)); p.code() != "identity_taken" {
		t.Errorf("a reused address: %d %s", p.StatusCode, p.code())
	}
	if err := s.people().SetEnabled(t.Context(), "test", ada.ID, false); err != nil {
		t.Fatal(err)
	}
	idp.is(map[string]any{"sub": "1"}, nil)
	if p := s.campus(newBrowser(t)); p.code() != "account_disabled" {
		t.Errorf("a closed account: %d %s", p.StatusCode, p.code())
	}
}

// TestIdentityConnect: an imported learner is found by address; whoever has a
// password proves it first.
func TestIdentityConnect(t *testing.T) {
	s, idp := campusSite(t)
	s.local("imported", "imported@example.edu", "", false)
	idp.is(map[string]any{"sub": "1", "email": "imported@example.edu", "email_verified": true}, nil)
	browser := newBrowser(t)
	s.campus(browser)
	if got := s.whoIs(browser); got != "imported" {
		t.Errorf("imported learner: %q", got)
	}
	s.local("boss", "boss@example.edu", "a pass phrase", true)
	s.local("other", "other@example.edu", "a pass phrase", false)
	idp.is(map[string]any{"sub": "2", "email": "boss@example.edu", "email_verified": true}, nil)
	browser = newBrowser(t)
	ask := s.campus(browser)
	if !strings.Contains(ask.body, "Sign in and connect") || s.whoIs(browser) != "" {
		t.Fatalf("no password asked: %d %s", ask.StatusCode, ask.code())
	}
	box := hiddenField(t, ask, "box")
	connect := func(browser *http.Client, name, password string) page {
		return s.submit(browser, "/login/connect", s.fill(ask, "box", box, "username", name, "password", password))
	}
	for _, tt := range []struct{ name, password, want string }{
		{"boss", "wrong pass phrase", "do not match"},
		{"other", "a pass phrase", "identity_needs_password"}, // not the address that was verified
	} {
		if p := connect(browser, tt.name, tt.password); !strings.Contains(p.body, tt.want) || s.whoIs(browser) != "" {
			t.Errorf("%s: %d, want %s", tt.name, p.StatusCode, tt.want)
		}
	}
	if p := connect(newBrowser(t), "boss", "a pass phrase"); p.code() != "signin_cookies_blocked" {
		t.Errorf("a form of another browser: %d %s", p.StatusCode, p.code())
	}
	s.clock.add(11 * time.Minute)
	if p := connect(browser, "boss", "a pass phrase"); p.code() != "form_expired" {
		t.Errorf("an old form: %d %s", p.StatusCode, p.code())
	}
	s.clock.add(-11 * time.Minute)
	if p := connect(browser, "boss", "a pass phrase"); p.StatusCode != http.StatusSeeOther || s.whoIs(browser) != "boss" {
		t.Errorf("connect: %d %s", p.StatusCode, p.code())
	}
	next := newBrowser(t)
	s.campus(next)
	if got := s.whoIs(next); got != "boss" {
		t.Errorf("connected: %q", got)
	}
}

// TestAttackIdentityProvider: answers that are not the provider's to this
// browser, and tokens that are not for this site.
func TestAttackIdentityProvider(t *testing.T) {
	s, idp := campusSite(t)
	s.local("boss", "boss@example.edu", "a pass phrase", true)
	ada := map[string]any{"sub": "1", "email": "ada@example.edu", "email_verified": true, "preferred_username": "ada"}
	refused := func(name, code string, browser *http.Client, p page) {
		t.Helper()
		if p.code() != code || s.whoIs(browser) != "" {
			t.Errorf("%s: %d %s, want %s; signed in: %q", name, p.StatusCode, p.code(), code, s.whoIs(browser))
		}
	}
	idp.is(ada, nil)
	attacker, victim := newBrowser(t), newBrowser(t)
	stolen := s.providerAnswer(attacker)
	refused("an answer to nobody's question", "identity_state_mismatch", victim, s.get(victim, stolen))
	s.get(victim, "/login/idp")
	refused("an answer to somebody else's question", "identity_state_mismatch", victim, s.get(victim, stolen))
	own := s.providerAnswer(victim)
	if p := s.get(victim, own); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("the right answer: %d %s", p.StatusCode, p.code())
	}
	replay := newBrowser(t)
	refused("a replayed answer", "identity_state_mismatch", replay, s.get(replay, own))
	code := newBrowser(t)
	to := s.providerAnswer(code)
	u, _ := url.Parse(to)
	q := u.Query()
	oldCode, _ := url.Parse(own)
	q.Set("code", oldCode.Query().Get("code"))
	refused("a replayed code", "identity_token_invalid", code, s.get(code, u.Path+"?"+q.Encode()))
	for name, spoil := range map[string]func(map[string]any){
		"another nonce":    func(c map[string]any) { c["nonce"] = "x" },
		"no nonce":         func(c map[string]any) { delete(c, "nonce") },
		"another audience": func(c map[string]any) { c["aud"] = "other" },
		"another issuer":   func(c map[string]any) { c["iss"] = "https://evil.example" },
		"expired":          func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() },
		"no subject":       func(c map[string]any) { delete(c, "sub") },
	} {
		idp.is(ada, spoil)
		browser := newBrowser(t)
		refused(name, "identity_token_invalid", browser, s.campus(browser))
	}
	for name, person := range map[string]map[string]any{
		"unverified":      {"sub": "9", "email": "boss@example.edu", "email_verified": false},
		"silent":          {"sub": "10", "email": "boss@example.edu"},
		"verified":        {"sub": "11", "email": "BOSS@example.edu", "email_verified": true},
		"named like them": {"sub": "12", "preferred_username": "boss"},
	} {
		idp.is(person, nil)
		browser := newBrowser(t)
		s.campus(browser)
		if got := s.whoIs(browser); got == "boss" || got != "" && s.account(got).Admin {
			t.Errorf("%s: takes over the administrator", name)
		}
	}
	// Somebody who is signed in stays who they are.
	idp.is(map[string]any{"sub": "666", "preferred_username": "mallory"}, nil)
	signedIn := s.signedInAs("boss", "a pass phrase")
	s.campus(signedIn)
	if got := s.whoIs(signedIn); got != "boss" {
		t.Errorf("an answer of the provider changed who is signed in: %q", got)
	}
}

// TestIdentityProviderAway: the site starts and answers without its provider,
// and finds it when it is back.
func TestIdentityProviderAway(t *testing.T) {
	idp := newIDP(t)
	handler := idp.server.Config.Handler
	var away atomic.Bool
	away.Store(true)
	idp.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		handler.ServeHTTP(w, r)
	})
	s := startSite(t, func(c *config.Config) {
		c.OIDCIssuer, c.OIDCClientID, c.OIDCClientSecret, c.OIDCName = idp.server.URL, "lectern", "idp-secret", "Campus"
	})
	if p := s.get(newBrowser(t), "/login/idp"); p.StatusCode != http.StatusServiceUnavailable || p.code() != "identity_provider_unavailable" {
		t.Errorf("away: %d %s", p.StatusCode, p.code())
	}
	away.Store(false)
	s.clock.add(10 * time.Second)
	idp.is(map[string]any{"sub": "1", "preferred_username": "ada"}, nil)
	browser := newBrowser(t)
	s.campus(browser)
	if got := s.whoIs(browser); got != "ada" {
		t.Errorf("back: %q", got)
	}
	if p := s.get(newBrowser(t), "/login/idp/finish?error=access_denied&state=x"); p.code() != "identity_state_mismatch" {
		t.Errorf("a refusal that nobody asked for: %s", p.code())
	}
}
