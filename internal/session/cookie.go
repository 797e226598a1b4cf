package session

import (
	"net/http"
	"strings"
)

// Names of the session cookie. The prefix makes browsers refuse a cookie of
// this name that is not Secure; over plain http away from localhost there are
// no Secure cookies, and the other name is used.
const (
	secureCookie = "__Secure-lectern"
	plainCookie  = "lectern"
)

// Cookie returns the cookie that carries the token of session id: only to that
// launch's path, so that hundreds of launches never grow the header. With
// secure it also works in a frame on another site, in the partition of that
// site; without, only at top level.
func Cookie(id, token string, secure bool) *http.Cookie {
	c := &http.Cookie{
		Name: plainCookie, Value: token, Path: "/learn/" + id + "/", HttpOnly: true,
		MaxAge: int(totalLife.Seconds()), SameSite: http.SameSiteLaxMode,
	}
	if secure {
		c.Name, c.Secure, c.Partitioned, c.SameSite = secureCookie, true, true, http.SameSiteNoneMode
	}
	return c
}

// CookieToken returns the token that the browser sent, or "".
func CookieToken(r *http.Request) string {
	for _, name := range []string{secureCookie, plainCookie} {
		if c, err := r.Cookie(name); err == nil && c.Value != "" {
			return c.Value
		}
	}
	return ""
}

// SplitPath splits what follows /learn/{launch}/ into the token, when the path
// carries one, and the rest.
func SplitPath(path string) (token, rest string) {
	after, ok := strings.CutPrefix(path, "~")
	if !ok {
		return "", path
	}
	token, rest, _ = strings.Cut(after, "/")
	return token, rest
}
