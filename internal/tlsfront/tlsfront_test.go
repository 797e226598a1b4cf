package tlsfront_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lectern/internal/tlsfront"
)

// authority is a certificate authority of the test's own.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t), pool: x509.NewCertPool()}
	a.cert = a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Test authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour),
	}, nil, &a.key.PublicKey)
	a.pool.AddCert(a.cert)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign signs template for a key; a nil parent is a root.
func (a *authority) sign(template, parent *x509.Certificate, key *ecdsa.PublicKey) *x509.Certificate {
	a.t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber, template.NotBefore = serial, time.Now().Add(-time.Hour)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// issue returns a certificate and its key in PEM.
func (a *authority) issue(lasts time.Duration, names ...string) (cert, key []byte) {
	a.t.Helper()
	k := newKey(a.t)
	leaf := a.sign(&x509.Certificate{
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(lasts),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, &k.PublicKey)
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// files are a certificate and its key on disk.
type files struct {
	t         *testing.T
	cert, key string
}

func (a *authority) files(names ...string) *files {
	a.t.Helper()
	dir := a.t.TempDir()
	f := &files{a.t, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	cert, key := a.issue(30*24*time.Hour, names...)
	write(a.t, f.cert, cert)
	write(a.t, f.key, key)
	return f
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// testClock is moved by tests.
type testClock struct{ offset atomic.Int64 }

func (c *testClock) now() time.Time       { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *testClock) add(by time.Duration) { c.offset.Add(int64(by)) }
func (c *testClock) options() tlsfront.Options {
	return tlsfront.Options{Clock: c.now, Log: slog.New(slog.DiscardHandler)}
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// serve serves h with front's certificates and returns the address.
func serve(t *testing.T, front *tlsfront.Front, h http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, listener, front, h)
	return listener.Addr().String()
}

// serveOn serves on listener until the test ends; without a front, plain http.
func serveOn(t *testing.T, listener net.Listener, front *tlsfront.Front, h http.Handler) {
	t.Helper()
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)}
	done := make(chan error, 1)
	go func() {
		if front == nil {
			done <- server.Serve(listener)
			return
		}
		server.TLSConfig = front.TLSConfig()
		done <- server.ServeTLS(listener, "", "")
	}()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(), <-done); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// handshake connects and returns the certificate that the server showed.
func handshake(t *testing.T, address string, c *tls.Config) (*x509.Certificate, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := (&tls.Dialer{Config: c}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

func TestServesHTTP2(t *testing.T) {
	a, clock := newAuthority(t), &testClock{}
	f := a.files("lectern.example.test")
	o := clock.options()
	o.CertFile, o.KeyFile, o.HSTS = f.cert, f.key, 24*time.Hour
	front, err := tlsfront.New(o)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, front, front.HSTS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto, " ", r.RequestURI)
	})))
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: a.pool}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get("https://" + address + "/a//b/%7e?x=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "HTTP/2.0 /a//b/%7e?x=1" {
		t.Errorf("body %q, %v", body, err)
	}
	if got := resp.Header.Get("Strict-Transport-Security"); got != "max-age=86400" {
		t.Errorf("Strict-Transport-Security: %q", got)
	}
	if _, err := handshake(t, address, &tls.Config{RootCAs: a.pool, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is accepted")
	}
	if name := front.Name(); name != "lectern.example.test" || front.Automatic() {
		t.Errorf("Name() = %q, Automatic() = %v", name, front.Automatic())
	}
}

// TestHSTSOnlyOnHTTPS: browsers must ignore the header on plain http, and a
// site that a proxy serves leaves the matter to the proxy [RFC 6797 §7.2].
func TestHSTSOnlyOnHTTPS(t *testing.T) {
	a, clock := newAuthority(t), &testClock{}
	f := a.files("lectern.example.test")
	o := clock.options()
	o.CertFile, o.KeyFile = f.cert, f.key
	off, err := tlsfront.New(o)
	if err != nil {
		t.Fatal(err)
	}
	o.HSTS = time.Hour
	on, err := tlsfront.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		front *tlsfront.Front
		tls   *tls.ConnectionState
		want  string
	}{
		{"https", on, &tls.ConnectionState{}, "max-age=3600"},
		{"plain", on, nil, ""},
		{"switched off", off, &tls.ConnectionState{}, ""},
		{"proxy", nil, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newRecorder()
			tt.front.HSTS(http.NotFoundHandler()).ServeHTTP(w, &http.Request{TLS: tt.tls, Header: http.Header{}})
			if got := w.Header().Get("Strict-Transport-Security"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReload(t *testing.T) {
	a, clock, log := newAuthority(t), &testClock{}, &syncBuffer{}
	f := a.files("one.example.test")
	o := clock.options()
	o.CertFile, o.KeyFile, o.Log = f.cert, f.key, slog.New(slog.NewTextHandler(log, nil))
	front, err := tlsfront.New(o)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, front, http.NotFoundHandler())
	good := func() []byte { b, _ := os.ReadFile(f.cert); return b }()
	cert2, key2 := a.issue(30*24*time.Hour, "two.example.test")
	cert3, key3 := a.issue(time.Hour, "three.example.test")
	for _, step := range []struct {
		name      string
		cert, key []byte // nil stays, empty is removed
		want, log string // log is what is new in it
	}{
		{"nothing changed", nil, nil, "one.example.test", ""},
		{"certificate replaced, key not yet", cert2, nil, "one.example.test", "not usable"},
		{"still not", nil, nil, "one.example.test", ""},
		{"key replaced too", nil, key2, "two.example.test", "reloaded"},
		{"garbage", []byte("garbage"), nil, "two.example.test", "not usable"},
		{"key gone", nil, []byte{}, "two.example.test", "cannot be read"},
		{"still gone", nil, nil, "two.example.test", ""},
		{"huge", bytes.Repeat([]byte("x"), 2<<20), key3, "two.example.test", ""},
		{"repaired, but ends soon", cert3, nil, "three.example.test", "ends soon"},
		{"key of another", good, nil, "three.example.test", "not usable"},
	} {
		for name, b := range map[string][]byte{f.cert: step.cert, f.key: step.key} {
			if b == nil {
				continue
			}
			if len(b) > 0 {
				write(t, name, b)
			} else if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		before := len(log.String())
		clock.add(10 * time.Second)
		got, err := handshake(t, address, &tls.Config{RootCAs: a.pool, ServerName: step.want})
		if err != nil {
			t.Errorf("%s: %v", step.name, err)
			continue
		}
		if said := log.String()[before:]; (step.log == "") != (said == "") || !strings.Contains(said, step.log) {
			t.Errorf("%s: certificate for %v, log %q, want %q", step.name, got.DNSNames, said, step.log)
		}
	}
}

// TestReloadLooksSeldom: a flood of handshakes does not become a flood of reads.
func TestReloadLooksSeldom(t *testing.T) {
	a, clock := newAuthority(t), &testClock{}
	f := a.files("one.example.test")
	fixed := time.Now()
	o := clock.options()
	o.CertFile, o.KeyFile, o.Clock = f.cert, f.key, func() time.Time { return fixed.Add(time.Duration(clock.offset.Load())) }
	front, err := tlsfront.New(o)
	if err != nil {
		t.Fatal(err)
	}
	cert, key := a.issue(30*24*time.Hour, "two.example.test")
	write(t, f.cert, cert)
	write(t, f.key, key)
	get := front.TLSConfig().GetCertificate
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if c, err := get(&tls.ClientHelloInfo{}); err != nil || c.Leaf.DNSNames[0] != "one.example.test" {
				t.Error("looked again at once", err)
			}
		})
	}
	wg.Wait()
	clock.add(5 * time.Second)
	for range 50 {
		wg.Go(func() {
			if c, err := get(&tls.ClientHelloInfo{}); err != nil || c == nil {
				t.Error("no certificate while one looks", err)
			}
		})
	}
	wg.Wait()
	if name := front.Name(); name != "two.example.test" {
		t.Errorf("after a while: %s", name)
	}
}

func TestNewRefuses(t *testing.T) {
	a, clock := newAuthority(t), &testClock{}
	one, two := a.files("one.example.test"), a.files("two.example.test")
	empty := filepath.Join(t.TempDir(), "empty.pem")
	write(t, empty, nil)
	for _, tt := range []struct {
		name string
		o    tlsfront.Options
		want string
	}{
		{"no key", tlsfront.Options{CertFile: one.cert}, "needs its key file"},
		{"no certificate", tlsfront.Options{KeyFile: one.key}, "needs its key file"},
		{"missing file", tlsfront.Options{CertFile: "/nowhere/cert.pem", KeyFile: one.key}, "/nowhere/cert.pem"},
		{"both missing", tlsfront.Options{CertFile: "/nowhere/c", KeyFile: "/nowhere/k"}, "/nowhere/k"},
		{"not a pair", tlsfront.Options{CertFile: one.cert, KeyFile: two.key}, "does not match"},
		{"swapped", tlsfront.Options{CertFile: one.key, KeyFile: one.cert}, one.key},
		{"empty", tlsfront.Options{CertFile: empty, KeyFile: one.key}, empty},
		{"a folder", tlsfront.Options{CertFile: t.TempDir(), KeyFile: one.key}, "directory"},
		{"both ways", tlsfront.Options{CertFile: one.cert, KeyFile: one.key, Domains: []string{"a.example"}}, "not both"},
		{"wildcard", tlsfront.Options{Domains: []string{"*.example.edu"}}, "*.example.edu"},
		{"address", tlsfront.Options{Domains: []string{"192.0.2.1"}}, "host name"},
		{"IPv6 address", tlsfront.Options{Domains: []string{"2001:db8::1"}}, "host name"},
		{"one word", tlsfront.Options{Domains: []string{"localhost"}}, "host name"},
		{"URL", tlsfront.Options{Domains: []string{"https://a.example.edu"}}, "host name"},
		{"port", tlsfront.Options{Domains: []string{"a.example.edu:443"}}, "host name"},
		{"second one wrong", tlsfront.Options{Domains: []string{"a.example.edu", " "}}, "host name"},
		{"too many", tlsfront.Options{Domains: make([]string, 101)}, "too many"},
		{"plain directory", tlsfront.Options{Domains: []string{"a.example"}, Directory: "http://ca.example/dir"}, "https://"},
		{"no roots", tlsfront.Options{Domains: []string{"a.example"}, CAFile: empty}, "no certificate"},
		{"missing roots", tlsfront.Options{Domains: []string{"a.example"}, CAFile: "/nowhere/ca"}, "/nowhere/ca"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Clock, tt.o.Log = clock.now, slog.New(slog.DiscardHandler)
			_, err := tlsfront.New(tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New() = %v; want an error with %q", err, tt.want)
			}
		})
	}
	if front, err := tlsfront.New(tlsfront.Options{}); front != nil || err != nil {
		t.Errorf("New() without settings = %v, %v; want nil", front, err)
	}
}
