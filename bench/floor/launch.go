package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // HMAC-SHA1 is what LMSs sign with [OAuth1 §3.4.2].
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// errReplay means that a nonce was used before.
var errReplay = errors.New("nonce used before")

// maxBody bounds what a request may bring, in bytes.
const maxBody = 1 << 20

// launcher takes launches.
type launcher struct {
	d           *database
	key, secret string
	public      string // scheme and host, as signed
}

func (l launcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || !l.verify(r, form) {
		http.Error(w, "signature", http.StatusForbidden)
		return
	}
	token := rand.Text()
	err = l.d.do(r.Context(), func(ctx context.Context, s *statements) error {
		return s.launch(ctx, form, r.UserAgent(), token)
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "session", Value: token, Path: "/", HttpOnly: true})
	http.Redirect(w, r, "/page", http.StatusFound)
}

// verify checks key, clock and signature [OAuth1 §3.4].
func (l launcher) verify(r *http.Request, form url.Values) bool {
	sent, err := strconv.ParseInt(form.Get("oauth_timestamp"), 10, 64)
	if age := time.Now().Unix() - sent; err != nil || age > 300 || age < -300 || form.Get("oauth_consumer_key") != l.key {
		return false
	}
	want, err := base64.StdEncoding.DecodeString(form.Get("oauth_signature"))
	if err != nil {
		return false
	}
	pairs := make([]string, 0, len(form))
	for name, values := range form {
		if name == "oauth_signature" {
			continue
		}
		for _, v := range values {
			pairs = append(pairs, escape(name)+"="+escape(v))
		}
	}
	slices.Sort(pairs)
	base := "POST&" + escape(l.public+r.URL.EscapedPath()) + "&" + escape(strings.Join(pairs, "&"))
	mac := hmac.New(sha1.New, []byte(escape(l.secret)+"&"))
	mac.Write([]byte(base))
	return hmac.Equal(mac.Sum(nil), want)
}

// escape encodes s as OAuth does [OAuth1 §3.6].
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// answerer writes what an answer leaves behind. Who answered what comes in the
// query; there is nothing to grade.
type answerer struct{ d *database }

func (a answerer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	user := r.URL.Query().Get("user")
	err = a.d.do(r.Context(), func(ctx context.Context, s *statements) error { return s.answer(ctx, user, string(body)) })
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/page", http.StatusSeeOther)
}
