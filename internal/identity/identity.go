// Package identity signs people in at a campus identity provider by OpenID
// Connect: authorization code, PKCE, state and nonce [OIDC Core §3.1].
package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"lectern/internal/errs"
)

// How long a request to the provider may take, and how long it is left alone
// when it does not answer.
const (
	timeout          = 10 * time.Second
	restAfterFailure = 5 * time.Second
)

// What can go wrong at the provider.
var (
	ErrProvider = errs.New(errs.Unavailable, "identity_provider_unavailable", "OIDC Discovery §4",
		"The identity provider does not answer. Please try again in a moment, or sign in with a password.",
		"LECTERN_OIDC_ISSUER must be the exact issuer, reachable from this machine.")
	ErrState = errs.New(errs.Forbidden, "identity_state_mismatch", "RFC 6749 §10.12",
		"This sign-in was not begun in this browser, or it took too long. Please start again.", "")
	ErrRefused = errs.New(errs.Forbidden, "identity_refused", "RFC 6749 §4.1.2.1",
		"The identity provider did not sign you in.", "")
	ErrToken = errs.New(errs.Forbidden, "identity_token_invalid", "OIDC Core §3.1.3.7",
		"The identity provider's answer could not be believed, so nobody was signed in.",
		"Client ID and secret must be those of this site; both clocks must be right.")
)

// Config is what the operator says about the provider.
type Config struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	Callback     string // our address that the provider answers to
}

// Claims is what the provider says about a person.
type Claims struct {
	Issuer   string `json:"issuer"`
	Subject  string `json:"subject"`
	Email    string `json:"email"` // lower case; "" unless the provider has verified it
	Name     string `json:"name"`
	Username string `json:"username"` // as the person likes to be called; not unique
}

// Attempt is one sign-in under way. It lives in the browser's cookie only.
type Attempt struct {
	State    string
	Nonce    string
	Verifier string
}

// NewAttempt starts a sign-in.
func NewAttempt() Attempt {
	return Attempt{State: random(), Nonce: random(), Verifier: oauth2.GenerateVerifier()}
}

func random() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Provider is the campus's identity provider. It is asked about itself when
// first needed, so that the site starts without it. It is safe for concurrent
// use.
type Provider struct {
	config Config
	client *http.Client
	clock  func() time.Time

	mu    sync.Mutex
	oidc  *oidc.Provider // nil until it has answered
	again time.Time      // not asked before, after it did not answer
}

// New returns a provider. transport is nil for the default.
func New(c Config, transport http.RoundTripper, clock func() time.Time) *Provider {
	return &Provider{config: c, client: &http.Client{Transport: transport, Timeout: timeout}, clock: clock}
}

// discover reads the provider's description once.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.oidc != nil {
		return p.oidc, nil
	}
	if p.clock().Before(p.again) { // nobody waits in a row for a provider that is away
		return nil, ErrProvider.With("it did not answer a moment ago")
	}
	// The keys are fetched later with the client of this context, which must
	// therefore outlive the request.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.config.Issuer)
	if err != nil {
		p.again = p.clock().Add(restAfterFailure)
		return nil, ErrProvider.Wrap(err)
	}
	p.oidc = found
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret, Endpoint: found.Endpoint(),
		RedirectURL: p.config.Callback, Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
}

// AuthURL returns where the browser goes to sign in, or [ErrProvider].
func (p *Provider) AuthURL(ctx context.Context, a Attempt) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(found).AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Redeem turns the provider's answer to attempt a into who signed in. Its
// errors are those of this package.
func (p *Provider) Redeem(ctx context.Context, a Attempt, state, code, refusal string) (*Claims, error) {
	switch {
	case a.State == "" || subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) != 1:
		return nil, ErrState
	case refusal != "" || code == "":
		return nil, ErrRefused.With("%.80q", refusal)
	}
	found, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.oauth(found).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return nil, ErrToken.Wrap(fmt.Errorf("exchange: %w", err))
	}
	raw, _ := token.Extra("id_token").(string)
	verified, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.config.ClientID, Now: p.clock}).Verify(ctx, raw)
	if err != nil {
		return nil, ErrToken.Wrap(err)
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(a.Nonce)) != 1 {
		return nil, ErrToken.With("nonce")
	}
	return claims(verified)
}

func claims(token *oidc.IDToken) (*Claims, error) {
	var said struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"` // some providers send a text
		Name     string `json:"name"`
		Username string `json:"preferred_username"`
	}
	if err := token.Claims(&said); err != nil {
		return nil, ErrToken.Wrap(err)
	}
	if token.Subject == "" || len(token.Subject) > 255 {
		return nil, ErrToken.With("subject of %d bytes", len(token.Subject))
	}
	c := &Claims{Issuer: token.Issuer, Subject: token.Subject, Name: said.Name, Username: said.Username}
	if said.Verified == true || said.Verified == "true" {
		c.Email = strings.ToLower(strings.TrimSpace(said.Email))
	}
	return c, nil
}
