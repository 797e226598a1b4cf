package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"lectern/internal/errs"
	"lectern/internal/launchlog"
	"lectern/internal/locale"
	"lectern/ui"
)

// Status returns the HTTP status of a kind of error.
func Status(k errs.Kind) int {
	switch k {
	case errs.Invalid:
		return http.StatusBadRequest
	case errs.Unauthorized, errs.Forbidden:
		return http.StatusForbidden
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Method:
		return http.StatusMethodNotAllowed
	case errs.Conflict:
		return http.StatusConflict
	case errs.TooLarge:
		return http.StatusRequestEntityTooLarge
	case errs.TooMany:
		return http.StatusTooManyRequests
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// ErrorPage renders errors for people and scripts.
type ErrorPage struct{ templates Templates }

// noScript is the content security policy of pages that only say something;
// refusals can also be copied from.
const (
	noScript = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
	sayOnly  = noScript + "; script-src 'self'"
)

// errorView is what the template ui/error/error.html gets.
type errorView struct {
	Title, Message, Code, Reference string
	ReturnURL, ReturnHost           string
	AskURL                          string
	Style, Script                   string
	Again                           bool // trying again may help
}

func newErrorPage() *ErrorPage { return &ErrorPage{NewTemplates("error", nil, "error/error.html")} }

// Render answers with e: its public sentence and code, never its detail.
func (p *ErrorPage) Render(w http.ResponseWriter, r *http.Request, e *errs.Error) {
	page, status, lang := PageOf(r), Status(e.Kind), Language(r)
	format, args := e.Words()
	message := lang.T(format, args...)
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		page.SetHeaders(w.Header(), "default-src 'none'")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		//nolint:errcheck // the reader is gone if this fails
		json.NewEncoder(w).Encode(map[string]string{
			"code": e.Code, "message": message, "reference": launchlog.Code(page.Reference),
		})
		return
	}
	v := errorView{
		Title: lang.T(title(e.Kind)), Message: message, Code: e.Code, Reference: launchlog.Code(page.Reference),
		ReturnURL: page.ReturnURL, AskURL: page.AskURL, Style: ui.Asset("layout/base.css"), Script: ui.Asset("error/copy.js"),
		Again: e.Kind == errs.Unavailable || e.Kind == errs.Internal,
	}
	if u, err := url.Parse(page.ReturnURL); err == nil {
		v.ReturnHost = u.Host
	}
	var b bytes.Buffer
	if err := p.templates.Execute(&b, lang, "error.html", v); err != nil {
		http.Error(w, message, status)
		return
	}
	page.SetHeaders(w.Header(), sayOnly)
	w.WriteHeader(status)
	w.Write(b.Bytes()) //nolint:errcheck // the reader is gone if this fails
}

func title(k errs.Kind) string {
	switch k {
	case errs.NotFound:
		return locale.Text("Not found")
	case errs.Invalid, errs.Method, errs.TooLarge:
		return locale.Text("This request did not work")
	case errs.Unauthorized, errs.Forbidden:
		return locale.Text("This page cannot be opened")
	case errs.Conflict:
		return locale.Text("Something changed meanwhile")
	case errs.TooMany:
		return locale.Text("Too many tries")
	}
	return locale.Text("Something went wrong")
}
