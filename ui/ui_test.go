package ui_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lectern/ui"
)

func TestHandler(t *testing.T) {
	const forever = "public, max-age=31536000, immutable"
	css := ui.Asset("layout/base.css")
	for _, tt := range []struct {
		name, path  string
		status      int
		cache, kind string
	}{
		{"a style", css, 200, forever, "text/css; charset=utf-8"},
		{"a script", ui.Asset("learn/learn.js"), 200, forever, "text/javascript; charset=utf-8"},
		{"of another build", ui.Prefix + "0123456789abcdef/layout/base.css", 200, "no-cache", "text/css; charset=utf-8"},
		{"a template", ui.Asset("learn/page.html"), 404, "", ""},
		{"a folder", ui.Asset("learn"), 404, "", ""},
		{"no such file", ui.Asset("learn/none.css"), 404, "", ""},
		{"outside", ui.Prefix + "x/../ui.go", 404, "", ""},
		{"no build", ui.Prefix + "layout", 404, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL.Path = tt.path
			ui.Handler().ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d", w.Code, tt.status)
			}
			if tt.status != http.StatusOK {
				return
			}
			if got := w.Header().Get("Cache-Control"); got != tt.cache {
				t.Errorf("cached as %q, want %q", got, tt.cache)
			}
			if got := w.Header().Get("Content-Type"); got != tt.kind {
				t.Errorf("type %q, want %q", got, tt.kind)
			}
		})
	}
	if !strings.HasPrefix(css, ui.Prefix) || css != ui.Asset("layout/base.css") {
		t.Errorf("address %q", css)
	}
}
