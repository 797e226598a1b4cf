package safehttp_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"lectern/internal/safehttp"
)

// names resolves as if by DNS.
func names(table map[string]string) func(context.Context, string) ([]netip.Addr, error) {
	return func(_ context.Context, host string) ([]netip.Addr, error) {
		list, ok := table[host]
		if !ok {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		var ips []netip.Addr
		for s := range strings.FieldsSeq(list) {
			ips = append(ips, netip.MustParseAddr(s))
		}
		return ips, nil
	}
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// TestOutcomeGuard covers which outcome addresses may be stored and called.
func TestOutcomeGuard(t *testing.T) {
	resolve := names(map[string]string{
		"example.com": "93.184.216.34", "lo.example": "127.0.0.1", "meta.example": "169.254.169.254",
		"ten.example": "10.0.0.5", "home.example": "192.168.1.1", "mid.example": "172.16.0.1",
		"lms.example.edu": "93.184.216.34", "notexample.edu": "93.184.216.34", "example.edu": "93.184.216.34",
		"cgnat.example": "100.64.1.1", "six.example": "fd00::1", "mapped.example": "::ffff:127.0.0.1",
		"nat64.example": "64:ff9b::7f00:1", "to4.example": "2002:7f00:1::", "any.example": "0.0.0.0",
		"mixed.example": "10.0.0.5 93.184.216.34",
	})
	for _, tt := range []struct {
		name, url string
		hosts     []string
		refused   string // part of the reason; "" when accepted
	}{
		{"T129 http", "http://example.com/outcome", nil, "scheme http"},
		{"T130 public", "https://example.com/outcome", nil, ""},
		{"T131 loopback", "https://lo.example/", nil, "127.0.0.1 is not a public address"},
		{"T132 metadata service", "https://meta.example/", nil, "169.254.169.254"},
		{"T133 10/8", "https://ten.example/", nil, "10.0.0.5"},
		{"T133 192.168/16", "https://home.example/", nil, "192.168.1.1"},
		{"T133 172.16/12", "https://mid.example/", nil, "172.16.0.1"},
		{"T134 file", "file:///etc/passwd", nil, "scheme"},
		{"T134 gopher", "gopher://x/", nil, "scheme"},
		{"T134 ftp", "ftp://x/", nil, "scheme"},
		{"T135 empty", "", nil, "empty"},
		{"T136 not on the list", "https://example.com/", []string{"example.edu"}, "list of allowed hosts"},
		{"T136 subdomain on the list", "https://lms.example.edu/", []string{"example.edu"}, ""},
		{"T136 host on the list", "https://Example.EDU./", []string{"example.edu"}, "no such host"},
		{"T136 only looks like it", "https://notexample.edu/", []string{"example.edu"}, "list of allowed hosts"},
		{"CGNAT", "https://cgnat.example/", nil, "100.64.1.1"},
		{"unique local IPv6", "https://six.example/", nil, "fd00::1"},
		{"IPv4 in IPv6", "https://mapped.example/", nil, "127.0.0.1"},
		{"NAT64", "https://nat64.example/", nil, "64:ff9b"},
		{"6to4", "https://to4.example/", nil, "2002:"},
		{"unspecified", "https://any.example/", nil, "0.0.0.0"},
		{"one good address of two", "https://mixed.example/", nil, ""},
		{"mail port", "https://example.com:25/", nil, "port 25"},
		{"odd but plausible port", "https://example.com:8443/", nil, ""},
		{"no host", "https:///x", nil, "no host"},
		{"user information", "https://a:b@example.com/", nil, "user information"},
		{"opaque", "https:example.com", nil, "cannot be read"},
		{"script", "javascript:alert(1)", nil, "cannot be read"},
		{"line break", "https://example.com/\r\nX: y", nil, "blanks"},
		{"too long", "https://example.com/" + strings.Repeat("x", 5000), nil, "too long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := safehttp.Options{Resolve: resolve, Hosts: tt.hosts}
			err := o.CheckHost(t.Context(), tt.url)
			switch {
			case tt.refused == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.refused == "no such host":
				if err == nil || errors.Is(err, safehttp.ErrRefused) {
					t.Errorf("err = %v, want the resolver's", err)
				}
			case tt.refused != "" && (!errors.Is(err, safehttp.ErrRefused) ||
				!strings.Contains(safehttp.Reason(err), tt.refused)):
				t.Errorf("err = %v, want a refusal that says %q", err, tt.refused)
			}
		})
	}
}

func TestCheckURLWithoutLookup(t *testing.T) {
	never := func(context.Context, string) ([]netip.Addr, error) { panic("looked up") }
	for _, tt := range []struct {
		url   string
		allow []netip.Prefix
		ok    bool
	}{
		{"https://lms.example/x?y=1", nil, true},
		{"https://8.8.8.8/", nil, true},
		{"https://127.0.0.1/", nil, false},
		{"https://[::1]/", nil, false},
		{"https://[fe80::1%25eth0]/", nil, false},
		{"https://[::ffff:10.0.0.1]/", nil, false},
		{"https://127.0.0.1:99999/", nil, false},
		{"https://127.0.0.1:8443/", prefixes("127.0.0.0/8"), true},
		{"http://127.0.0.1:22/", prefixes("127.0.0.0/8"), true},
		{"http://[::ffff:127.0.0.1]/", prefixes("127.0.0.0/8"), true},
		{"http://10.0.0.1/", prefixes("127.0.0.0/8"), false},
		{"http://8.8.8.8/", prefixes("127.0.0.0/8"), false},
		{"http://lms.intranet/", prefixes("10.0.0.0/8"), true}, // decided when dialled
		{"http://lms.intranet/", nil, false},
	} {
		u, err := safehttp.Options{Allow: tt.allow, Resolve: never}.CheckURL(tt.url)
		if (err == nil) != tt.ok || tt.ok && u.String() != tt.url {
			t.Errorf("CheckURL(%q, allow %v) = %v", tt.url, tt.allow, err)
		}
	}
}

func get(t *testing.T, c *http.Client, address string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

func TestClientChecksWhatItDials(t *testing.T) {
	served := 0
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	resolve := names(map[string]string{"example.com": "127.0.0.1"}) // the test certificate is for this name
	address := "https://example.com:" + port + "/x"

	closed := safehttp.New(safehttp.Options{RootCAs: pool, Resolve: resolve})
	if _, err := get(t, closed, address); !errors.Is(err, safehttp.ErrRefused) || served != 0 {
		t.Errorf("err = %v, served %d; want a refusal before the connection", err, served)
	}
	open := safehttp.New(safehttp.Options{RootCAs: pool, Resolve: resolve, Allow: prefixes("127.0.0.0/8")})
	if _, err := get(t, open, address); err != nil || served != 1 {
		t.Errorf("admitted network: %v, served %d", err, served)
	}
	strict := safehttp.New(safehttp.Options{Resolve: resolve, Allow: prefixes("127.0.0.0/8")})
	if _, err := get(t, strict, address); err == nil || errors.Is(err, safehttp.ErrRefused) {
		t.Errorf("unknown certificate: err = %v, want a TLS error", err)
	}
}

func TestPlainHTTPOnlyToAdmittedNetworks(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.UserAgent())
	}))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	c := safehttp.New(safehttp.Options{
		Version: "1.2.3",
		Allow:   prefixes("127.0.0.0/8"),
		Resolve: names(map[string]string{"lms.intranet": "127.0.0.1", "public.example": "93.184.216.34"}),
	})
	resp, err := get(t, c, "http://lms.intranet:"+port+"/")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := safehttp.ReadBody(resp, 100); err != nil || string(b) != "Lectern/1.2.3 (+LTI tool)" {
		t.Errorf("User-Agent %q, %v", b, err)
	}
	if _, err := get(t, c, "http://public.example/"); !strings.Contains(safehttp.Reason(err), "scheme http") {
		t.Errorf("http to a public address: %v", err)
	}
}

func TestClientDoesNotFollowRedirects(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/inside" {
			t.Error("redirect followed")
		}
		http.Redirect(w, r, "/inside", http.StatusTemporaryRedirect)
	}))
	defer srv.Close()
	c := safehttp.New(safehttp.Options{Allow: prefixes("127.0.0.0/8")})
	resp, err := get(t, c, srv.URL)
	if err != nil || resp.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("%v, %v; want the redirect itself", resp, err)
	}
}

func TestClientIgnoresProxyEnvironment(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1/")
	t.Setenv("http_proxy", "http://127.0.0.1:1/")
	c := safehttp.New(safehttp.Options{
		Allow:   prefixes("127.0.0.0/8"),
		Resolve: names(map[string]string{"lms.intranet": "127.0.0.1"}),
	})
	u, _ := url.Parse(srv.URL)
	if _, err := get(t, c, "http://lms.intranet:"+u.Port()+"/"); err != nil {
		t.Error(err)
	}
}

func TestClientTimesOut(t *testing.T) {
	hang := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer srv.Close()
	defer close(hang)
	c := safehttp.New(safehttp.Options{Allow: prefixes("127.0.0.0/8"), Total: 50 * time.Millisecond})
	if _, err := get(t, c, srv.URL); err == nil {
		t.Error("no timeout")
	}
}

// TestSpellingsOfLoopback calls one server on loopback by every way of writing
// its address. None reaches it, by http or https; admitting IPv4's loopback lets
// those through that mean it, and no other.
func TestSpellingsOfLoopback(t *testing.T) {
	served := 0
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	numbers := map[string]string{} // as the C library reads them; Go's resolver knows none
	for _, s := range []string{"2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1", "127.1", "127.0.1"} {
		numbers[s] = "127.0.0.1"
	}
	numbers["lms.example"], numbers["rebound.example"], numbers["six.example"] = "127.0.0.1", "::ffff:127.0.0.1", "::1"
	numbers["any.example"], numbers["localhost"], numbers["localhost."] = "0.0.0.0", "127.0.0.1 ::1", "127.0.0.1"
	closed := safehttp.Options{Resolve: names(numbers)}
	open := safehttp.Options{Resolve: names(numbers), Allow: prefixes("127.0.0.0/8")}
	elsewhere := safehttp.Options{Resolve: names(numbers), Allow: prefixes("10.0.0.0/8")}
	for host, meant := range map[string]bool{
		"lms.example": true, "rebound.example": true, "localhost": true, "localhost.": true, "six.example": false, "any.example": false,
		"127.0.0.1": true, "[::ffff:127.0.0.1]": true, "[::ffff:7f00:1]": true, "[0:0:0:0:0:ffff:127.0.0.1]": true,
		"[::1]": false, "0.0.0.0": false, "[::]": false, "0": false, "[::127.0.0.1]": false, "[64:ff9b::127.0.0.1]": false,
		"2130706433": true, "0x7f000001": true, "0x7f.0.0.1": true, "017700000001": true, "0177.0.0.1": true,
		"127.1": true, "127.0.1": true,
	} {
		for _, scheme := range []string{"http", "https"} {
			address := scheme + "://" + host + ":" + port + "/x"
			for _, o := range []safehttp.Options{closed, elsewhere} {
				if _, err := get(t, safehttp.New(o), address); err == nil || served != 0 {
					t.Fatalf("%s reached the server", address)
				}
			}
		}
		_, err := get(t, safehttp.New(open), "http://"+host+":"+port+"/x")
		if (err == nil) != meant || (served == 1) != meant {
			t.Errorf("%s with 127.0.0.0/8 admitted: %v, served %d; want it served: %v", host, err, served, meant)
		}
		served = 0
	}
}

// TestSecondLookup lets a name mean a public address when it is looked at first
// and loopback from then on.
func TestSecondLookup(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	looks := 0
	o := safehttp.Options{Resolve: func(context.Context, string) ([]netip.Addr, error) {
		if looks++; looks == 1 {
			return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}}
	address := "https://rebinding.example:" + port + "/"
	if err := o.CheckHost(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, safehttp.New(o), address); !errors.Is(err, safehttp.ErrRefused) {
		t.Errorf("err = %v, want a refusal", err)
	}
}

func TestSecondAddressIsTried(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	u, _ := url.Parse(srv.URL)
	c := safehttp.New(safehttp.Options{
		Allow:   prefixes("127.0.0.0/8"),
		Resolve: names(map[string]string{"lms.intranet": "127.9.9.9 127.0.0.1"}),
	})
	if _, err := get(t, c, "http://lms.intranet:"+u.Port()+"/"); err != nil {
		t.Error(err)
	}
}

func TestReadBodyBound(t *testing.T) {
	for n, want := range map[int]error{99: nil, 100: nil, 101: safehttp.ErrBodyTooLarge} {
		resp := &http.Response{Body: io.NopCloser(strings.NewReader(strings.Repeat("x", n)))}
		if b, err := safehttp.ReadBody(resp, 100); !errors.Is(err, want) || err == nil && len(b) != n {
			t.Errorf("ReadBody of %d: %d, %v", n, len(b), err)
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	f.Add("https://lms.example/x")
	f.Add("http://[::1]:80/")
	f.Add("https://2130706433/")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := safehttp.Options{}.CheckURL(raw)
		if err != nil {
			if !errors.Is(err, safehttp.ErrRefused) || safehttp.Reason(err) == "" {
				t.Errorf("CheckURL(%q): %v is no refusal with a reason", raw, err)
			}
			return
		}
		if u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
			t.Errorf("CheckURL(%q) accepts %v", raw, u)
		}
	})
}
