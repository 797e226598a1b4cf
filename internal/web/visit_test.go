package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	vs := &Visitors{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	for _, tt := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1:5", "", "192.0.2.1"},
		{"192.0.2.1:5", "203.0.113.9", "192.0.2.1"}, // a stranger says so
		{"10.0.0.1:5", "", "10.0.0.1"},
		{"10.0.0.1:5", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.1:5", "198.51.100.1, 203.0.113.9, 10.2.3.4", "203.0.113.9"},
		{"10.0.0.1:5", "203.0.113.9:1234", "203.0.113.9"},
		{"10.0.0.1:5", "rubbish, 10.2.3.4", "10.2.3.4"},
		{"[::1]:5", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"[::ffff:10.0.0.1]:5", "::ffff:203.0.113.9", "203.0.113.9"},
		{"[fe80::1%eth0]:5", "", "fe80::"},
		{"@", "", "@"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.peer
		if tt.forwarded != "" {
			r.Header.Set("X-Forwarded-For", tt.forwarded)
		}
		if got := vs.Address(r); got != tt.want {
			t.Errorf("%s for %q: %s, want %s", tt.peer, tt.forwarded, got, tt.want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/account", "/admin?x=//y", "/enter/a#b", "//evil", "/\\evil", "/account/%2f%2fevil"} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "lectern.example"}
	f.Fuzz(func(t *testing.T, next string) {
		got := LocalPath(next, "")
		if got == "" {
			return
		}
		to, err := base.Parse(got)
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || to.User != nil {
			t.Fatalf("%q leads to %v, %v", next, to, err)
		}
		for _, root := range []string{"/admin", "/account", "/enter/"} {
			if strings.HasPrefix(to.Path, root) {
				return
			}
		}
		t.Fatalf("%q leads to %s", next, to.Path)
	})
}
