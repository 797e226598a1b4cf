package fakelms

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the body hash of HMAC-SHA1 messages is SHA-1
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How old an outcome message may be; the limit for the future belongs to the
// personality.
const pastLimit = 300 * time.Second

// errMessageSignature covers every way a message fails to prove its sender.
// What exactly was wrong is wrapped: the gradebook shows it, the tool is told
// as little as a real LMS tells.
var errMessageSignature = errors.New("Message signature not valid") //nolint:staticcheck // an LMS's words

type signatureError struct{ detail string }

func (e signatureError) Error() string { return errMessageSignature.Error() + ": " + e.detail }
func (e signatureError) Unwrap() error { return errMessageSignature }

// checkSignature verifies the Authorization header of a service request: body
// hash, signature, clock and nonce, each required [OAuth1 §3.1, LTI 1.1 §4.3].
func (l *LMS) checkSignature(r *http.Request, body []byte) error {
	oauth, err := oauthHeader(r.Header.Values("Authorization"))
	if err != nil {
		return err
	}
	key, secret := l.Credentials()
	method := oauth["oauth_signature_method"]
	switch {
	case oauth["oauth_consumer_key"] != key:
		return signatureError{"unknown consumer key"}
	case method != hmacSHA1 && (method != hmacSHA256 || l.personality.SignatureMethod != hmacSHA256):
		return signatureError{"signature method " + method + " is not accepted"}
	case oauth["oauth_version"] != "" && oauth["oauth_version"] != "1.0":
		return signatureError{"oauth_version is not 1.0"}
	case oauth["oauth_body_hash"] != bodyHash(method, body):
		return signatureError{"oauth_body_hash does not match the body"}
	}
	l.mu.Lock()
	base := l.outcomes()
	l.mu.Unlock()
	target, err := splitURL(base + r.RequestURI)
	if err != nil {
		return signatureError{err.Error()}
	}
	pairs := parsePairs(target.query)
	for name, value := range oauth {
		if name != "oauth_signature" && name != "realm" {
			pairs = append(pairs, Pair{name, value})
		}
	}
	want := signature(method, r.Method, target, pairs, secret)
	if !hmac.Equal([]byte(want), []byte(oauth["oauth_signature"])) {
		return signatureError{"signature differs"}
	}
	return l.checkFresh(oauth["oauth_timestamp"], oauth["oauth_nonce"])
}

// oauthHeader parses the one Authorization header of a request [OAuth1 §3.5.1].
func oauthHeader(headers []string) (map[string]string, error) {
	if len(headers) != 1 {
		return nil, signatureError{"want one Authorization header, got " + strconv.Itoa(len(headers))}
	}
	scheme, rest, _ := strings.Cut(strings.TrimSpace(headers[0]), " ")
	if !strings.EqualFold(scheme, "OAuth") {
		return nil, signatureError{"Authorization scheme is not OAuth"}
	}
	oauth := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found || len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
			return nil, signatureError{"Authorization parameter without quoted value"}
		}
		name, value = headerUnescape(name), headerUnescape(value[1:len(value)-1])
		if _, twice := oauth[name]; twice {
			return nil, signatureError{name + " occurs twice"}
		}
		oauth[name] = value
	}
	return oauth, nil
}

// headerUnescape decodes %XX; a plus sign in a header is a plus sign.
func headerUnescape(s string) string { return unescape(strings.ReplaceAll(s, "+", "%2B")) }

func bodyHash(method string, body []byte) string {
	if method == hmacSHA256 {
		sum := sha256.Sum256(body)
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	sum := sha1.Sum(body) //nolint:gosec // prescribed
	return base64.StdEncoding.EncodeToString(sum[:])
}

// checkFresh refuses old messages and nonces used before [OAuth1 §3.3].
func (l *LMS) checkFresh(timestamp, nonce string) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || seconds <= 0 || strings.ContainsAny(timestamp, "+-") {
		return signatureError{"oauth_timestamp is not a number"}
	}
	now, at := l.now(), time.Unix(seconds, 0)
	if now.Sub(at) > pastLimit || at.Sub(now) > l.personality.FutureLimit {
		return signatureError{"oauth_timestamp is off by " + now.Sub(at).Round(time.Second).String()}
	}
	if nonce == "" || len(nonce) > 255 {
		return signatureError{"oauth_nonce is empty or too long"}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetNonces(now)
	if _, used := l.nonces[timestamp+" "+nonce]; used {
		return signatureError{"oauth_nonce was used before"}
	}
	l.nonces[timestamp+" "+nonce] = now
	return nil
}

// forgetNonces drops nonces that the clock refuses anyway, so that memory stays
// bounded by the traffic of two hours.
func (l *LMS) forgetNonces(now time.Time) {
	if len(l.nonces) < 10_000 {
		return
	}
	old := make([]string, 0, len(l.nonces))
	for n, at := range l.nonces {
		if now.Sub(at) > pastLimit+l.personality.FutureLimit {
			old = append(old, n)
		}
	}
	for n := range slices.Values(old) {
		delete(l.nonces, n)
	}
}
