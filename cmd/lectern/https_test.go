package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lectern/internal/config"
)

// ownCertificate makes a certificate for this machine, believed by pool.
func ownCertificate(t *testing.T, names ...string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), NotBefore: time.Now().Add(-time.Hour),
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(leaf)
	return cert, key, pool
}

// startHTTPS runs a site that serves https from files and, beside, plain http.
func startHTTPS(t *testing.T) (s *testSite, browser *http.Client, plain string) {
	t.Helper()
	cert, key, pool := ownCertificate(t, "lectern.example.test")
	s = startSite(t, func(c *config.Config) {
		c.TLSCert, c.TLSKey, c.ListenHTTP, c.HSTS = cert, key, "127.0.0.1:0", 24*time.Hour
	})
	s.url = s.site.public.String()
	browser = newBrowser(t)
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	browser.Transport = transport
	return s, browser, "http://" + s.site.plain.Addr().String()
}

func TestOwnHTTPS(t *testing.T) {
	s, browser, plain := startHTTPS(t)
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", nil)
	if !strings.HasPrefix(s.url, "https://127.0.0.1:") {
		t.Fatalf("public URL: %s", s.url)
	}

	launched := s.post(browser, s.good(path("problem", "block_id")))
	if launched.StatusCode != http.StatusSeeOther || launched.Proto != "HTTP/2.0" {
		t.Fatalf("launch over https: %d %s, %s", launched.StatusCode, launched.Proto, launched.code())
	}
	opened := s.follow(browser, launched)
	if !strings.Contains(opened.body, "Pick b") || opened.Header.Get("Strict-Transport-Security") != "max-age=86400" {
		t.Errorf("the page: %d, HSTS %q", opened.StatusCode, opened.Header.Get("Strict-Transport-Security"))
	}

	t.Run("plain page", func(t *testing.T) {
		p := s.get(browser, plain+"/login?next=/admin")
		if got := p.Header.Get("Location"); p.StatusCode != http.StatusPermanentRedirect || got != s.url+"/login?next=/admin" {
			t.Errorf("%d to %q", p.StatusCode, got)
		}
		if p.Header.Get("Strict-Transport-Security") != "" {
			t.Error("HSTS over plain http")
		}
	})
	t.Run("plain launch", func(t *testing.T) {
		m := s.good(path("problem", "block_id"))
		form := s.signed(m)
		https := s.url
		s.url = plain
		defer func() { s.url = https }()
		p := s.postForm(browser, m, form)
		if p.StatusCode != http.StatusBadRequest || p.code() != "launch_over_http" ||
			!strings.Contains(p.body, "must start with https://") || p.Header.Get("Location") != "" {
			t.Errorf("%d, code %q:\n%s", p.StatusCode, p.code(), p.body)
		}
		if csp := p.Header.Get("Content-Security-Policy"); strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("the message cannot be read in the LMS's frame: %s", csp)
		}
		if len(p.Cookies()) > 0 {
			t.Errorf("cookies over plain http: %v", p.Cookies())
		}
	})
}

func TestOwnHTTPSSettings(t *testing.T) {
	cert, key, _ := ownCertificate(t, "*.example.test", "lectern.example.test")
	for _, tt := range []struct {
		name   string
		change func(*config.Config)
		want   string // public URL, or part of the error after "!"
	}{
		{"everywhere goes by the certificate's name", func(c *config.Config) {
			c.TLSCert, c.TLSKey, c.Listen = cert, key, ":0"
		}, "https://lectern.example.test:"},
		{"one address", func(c *config.Config) { c.TLSCert, c.TLSKey = cert, key }, "https://127.0.0.1:"},
		{"automatic", func(c *config.Config) { c.ACMEDomains = []string{"a.example.test", "b.example.test"} }, "https://a.example.test"},
		{"public URL wins", func(c *config.Config) {
			c.TLSCert, c.TLSKey, c.PublicURL = cert, key, "https://x.example.test"
		}, "https://x.example.test"},
		{"public URL without https", func(c *config.Config) {
			c.TLSCert, c.TLSKey, c.PublicURL = cert, key, "http://x.example.test"
		}, "!must start with https://"},
		{"public URL is not a domain", func(c *config.Config) {
			c.ACMEDomains, c.PublicURL = []string{"a.example.test"}, "https://x.example.test"
		}, "!not among the ACME domains"},
		{"plain address alone", func(c *config.Config) { c.ListenHTTP = "127.0.0.1:0" }, "!needs certificate files"},
		{"missing file", func(c *config.Config) { c.TLSCert, c.TLSKey = "nowhere.pem", key }, "!nowhere.pem"},
		{"plain address taken", func(c *config.Config) {
			c.TLSCert, c.TLSKey, c.ListenHTTP = cert, key, "256.0.0.1:80"
		}, "!listen for plain http"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &config.Config{Listen: "127.0.0.1:0", Data: t.TempDir(), LaunchWindow: time.Minute}
			tt.change(c)
			app := &App{Config: c, Context: context.Background(), Out: io.Discard, Err: io.Discard, Clock: utcNow}
			defer app.Close()
			if err := app.Open(); err != nil {
				t.Fatal(err)
			}
			listener, err := net.Listen("tcp", c.Listen)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			s, err := newSite(app, listener)
			if want, refused := strings.CutPrefix(tt.want, "!"); refused {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v; want an error with %q", err, want)
				}
				return
			}
			if err != nil || !strings.HasPrefix(s.public.String(), tt.want) {
				t.Errorf("public URL %v, %v; want %s", s, err, tt.want)
			}
		})
	}
}
