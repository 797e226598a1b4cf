package signin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"lectern/internal/account"
	"lectern/internal/credential"
	"lectern/internal/store"
)

// Names of the site's cookie, over https and elsewhere. The prefix keeps other
// hosts of the domain, and plain http, from setting it.
const (
	secureCookie = "__Host-lectern-site"
	plainCookie  = "lectern-site"
)

// Visitor returns who is behind a session token. Its errors are [ErrSession]
// and [account.ErrDisabled].
func (s *Service) Visitor(ctx context.Context, token string) (*account.Account, error) {
	if token == "" {
		return nil, ErrSession
	}
	var who *account.Account
	err := s.Store.View(ctx, func(tx store.Tx) error {
		session, err := tx.Console().Session(ctx, credential.Hash(token), s.Clock())
		if err != nil {
			return err
		}
		who, err = tx.Accounts().ByID(ctx, session.AccountID)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrSession
	case err != nil:
		return nil, err
	case !who.Enabled:
		return nil, account.ErrDisabled
	}
	return who, nil
}

// CookieToken returns the session token that the request brings, or "". Where
// the site is reached by https, only the cookie counts that nobody but this
// host can set over https.
func CookieToken(r *http.Request, https bool) string { return OneCookie(r, cookieName(https)) }

// OneCookie returns the value of a cookie, or "" when the request brings none
// or several: over plain http a page's script can put a cookie of the same name
// before ours by giving it a longer path.
func OneCookie(r *http.Request, name string) string {
	list := r.CookiesNamed(name)
	if len(list) != 1 {
		return ""
	}
	return list[0].Value
}

// SetCookie gives the browser a session token, or takes it away when token is
// "".
func SetCookie(w http.ResponseWriter, https bool, token string) {
	c := &http.Cookie{
		Name: cookieName(https), Value: token, Path: "/", HttpOnly: true, Secure: https,
		SameSite: http.SameSiteStrictMode, MaxAge: int(SessionLife / time.Second),
	}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func cookieName(https bool) string {
	if https {
		return secureCookie
	}
	return plainCookie
}
