package tlsfront_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"lectern/internal/spectest"
	"lectern/internal/tlsfront"
)

// pebble is a running ACME authority that checks names on loopback.
type pebble struct {
	directory string
	rootFile  string // proves the authority's own address
	log       *syncBuffer
	roots     *x509.CertPool // of the certificates it gives
}

// startPebble starts bin/tools/pebble. It looks for challenges on the ports of
// the two listeners and gives certificates that are valid for lasts.
func startPebble(t *testing.T, httpPort, tlsPort string, lasts time.Duration) *pebble {
	t.Helper()
	program := filepath.Join(spectest.Root(t), "bin", "tools", "pebble")
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no ACME authority to test with: %v; run make bin/tools/pebble", err)
		}
		t.Skip("no ACME authority to test with; run make bin/tools/pebble")
	}
	a := newAuthority(t)
	own := a.files("localhost")
	p := &pebble{rootFile: filepath.Join(t.TempDir(), "root.pem"), log: &syncBuffer{}}
	write(t, p.rootFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
	listens, manages := freeAddress(t), freeAddress(t)
	config := filepath.Join(t.TempDir(), "pebble.json")
	b, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listens, "managementListenAddress": manages, "certificate": own.cert, "privateKey": own.key,
		"httpPort": number(t, httpPort), "tlsPort": number(t, tlsPort), "keyAlgorithm": "ecdsa",
		"retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles":   map[string]any{"default": map[string]any{"validityPeriod": int(lasts / time.Second)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, b)
	cmd := exec.Command(program, "-config", config, "-dnsserver", serveNames(t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		cmd.Wait()         //nolint:errcheck // killed
		if t.Failed() {
			t.Log(p.log.String())
		}
	})
	p.directory = "https://" + listens + "/dir"
	p.fetchRoots(t, "https://"+manages+"/roots/0", a.pool)
	return p
}

// freeAddress returns an address that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func port(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func number(t *testing.T, port string) int {
	t.Helper()
	n, err := net.LookupPort("tcp", port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// serveNames is a name server that knows every name: each is this machine. The
// authority asks by TCP.
func serveNames(t *testing.T) string {
	t.Helper()
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for answerName(conn) == nil {
				}
			}()
		}
	}()
	return l.Addr().String()
}

// answerName answers one question [RFC 1035 §4.2.2].
func answerName(conn io.ReadWriter) error {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return err
	}
	b := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, b); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(b); err != nil {
		return err
	}
	m.Response, m.Additionals = true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			})
		}
	}
	b, err := m.AppendPack(make([]byte, 2))
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint16(b, uint16(len(b)-2))
	_, err = conn.Write(b)
	return err
}

// fetchRoots waits until the authority runs and asks for its root.
func (p *pebble) fetchRoots(t *testing.T, address string, own *x509.CertPool) {
	t.Helper()
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: own}}}
	defer client.CloseIdleConnections()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		resp, err := client.Get(address)
		if err != nil {
			continue
		}
		root, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		p.roots = x509.NewCertPool()
		if err == nil && p.roots.AppendCertsFromPEM(root) {
			return
		}
	}
	t.Fatalf("the ACME authority does not start:\n%s", p.log)
}

// newFront returns a front for domains that asks p.
func (p *pebble) newFront(t *testing.T, cache string, log io.Writer, domains ...string) *tlsfront.Front {
	t.Helper()
	front, err := tlsfront.New(tlsfront.Options{
		Domains: domains, Email: "operator@example.edu", Directory: p.directory, CAFile: p.rootFile, Cache: cache,
		Log: slog.New(slog.NewTextHandler(log, nil)), Clock: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return front
}

// TestACMEByTLS has nothing but the https port: tls-alpn-01 [RFC 8737].
func TestACMEByTLS(t *testing.T) {
	t.Parallel()
	listener, log := listen(t), &syncBuffer{}
	p := startPebble(t, "1", port(listener), 24*time.Hour)
	cache := filepath.Join(t.TempDir(), "acme")
	front := p.newFront(t, cache, log, "lectern.example.test", "zwölf.example.test")
	serveOn(t, listener, front, http.NotFoundHandler())
	address := listener.Addr().String()

	// The first browser gets it, before anybody asked for certificates.
	first, err := handshake(t, address, &tls.Config{RootCAs: p.roots, ServerName: "lectern.example.test"})
	if err != nil {
		t.Fatalf("first handshake: %v\n%s", err, log)
	}
	front.Obtain()
	if got := strings.Count(log.String(), "certificate ready"); got != 2 {
		t.Errorf("%d certificates ready: %s", got, log)
	}
	again, err := handshake(t, address, &tls.Config{RootCAs: p.roots, ServerName: "LECTERN.example.test"})
	if err != nil || !again.Equal(first) {
		t.Errorf("second handshake: another certificate, %v", err)
	}
	for _, other := range []string{"evil.test", "sub.lectern.example.test"} {
		if _, err := handshake(t, address, &tls.Config{RootCAs: p.roots, ServerName: other}); err == nil {
			t.Errorf("a certificate for %s", other)
		}
		if strings.Contains(p.log.String(), other) {
			t.Errorf("the authority was asked for %s", other)
		}
	}
	checkCache(t, cache)

	// After a restart the certificates are there, even if the authority is not.
	p.directory = "https://" + freeAddress(t) + "/dir"
	restarted := serve(t, p.newFront(t, cache, log, "lectern.example.test"), http.NotFoundHandler())
	again, err = handshake(t, restarted, &tls.Config{RootCAs: p.roots, ServerName: "lectern.example.test"})
	if err != nil || !again.Equal(first) {
		t.Errorf("after a restart: another certificate, %v", err)
	}
}

// checkCache: the folder holds private keys.
func checkCache(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 3 { // account, two certificates
		t.Errorf("cache: %v, %v", files, err)
	}
	for _, name := range append(files, dir) {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestACMEByHTTP has its https port behind something that ends TLS on the way:
// only http-01 works.
func TestACMEByHTTP(t *testing.T) {
	t.Parallel()
	plain, log := listen(t), &syncBuffer{}
	p := startPebble(t, port(plain), "1", 24*time.Hour)
	front := p.newFront(t, filepath.Join(t.TempDir(), "acme"), log, "lectern.example.test")
	public := &url.URL{Scheme: "https", Host: "lectern.example.test"}
	serveOn(t, plain, nil, front.Challenges(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := front.Redirect(public)(w, r); err != nil {
			t.Error(err)
		}
	})))
	address := serve(t, front, http.NotFoundHandler())
	if _, err := handshake(t, address, &tls.Config{RootCAs: p.roots, ServerName: "lectern.example.test"}); err != nil {
		t.Errorf("%v\n%s", err, log)
	}
}

// TestACMERenews: a certificate is replaced while the site runs, and no
// handshake fails meanwhile.
func TestACMERenews(t *testing.T) {
	t.Parallel()
	listener, log := listen(t), &syncBuffer{}
	p := startPebble(t, "1", port(listener), 9*time.Second)
	front := p.newFront(t, filepath.Join(t.TempDir(), "acme"), log, "lectern.example.test")
	serveOn(t, listener, front, http.NotFoundHandler())
	config := &tls.Config{RootCAs: p.roots, ServerName: "lectern.example.test"}
	first, err := handshake(t, listener.Addr().String(), config)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
		now, err := handshake(t, listener.Addr().String(), config)
		if err != nil {
			t.Fatal(err)
		}
		if !now.Equal(first) {
			return
		}
	}
	t.Error("the certificate was not renewed")
}

// TestACMERefusedRests: when the authority refuses, browsers that keep coming
// do not make it lock the site out.
func TestACMERefusedRests(t *testing.T) {
	asked := make(chan string, 100)
	authority := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		http.Error(w, `{"type":"urn:ietf:params:acme:error:rateLimited"}`, http.StatusForbidden)
	}))
	defer authority.Close()
	rootFile := filepath.Join(t.TempDir(), "root.pem")
	write(t, rootFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate().Raw}))
	clock, log := &testClock{}, &syncBuffer{}
	front, err := tlsfront.New(tlsfront.Options{
		Domains: []string{"lectern.example.test"}, Directory: authority.URL, CAFile: rootFile,
		Cache: t.TempDir(), Log: slog.New(slog.NewTextHandler(log, nil)), Clock: clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, front, http.NotFoundHandler())
	for range 10 {
		if _, err := handshake(t, address, &tls.Config{ServerName: "lectern.example.test"}); err == nil {
			t.Fatal("a certificate out of nowhere")
		}
	}
	before := len(asked)
	if before == 0 || before > 3 { // one try may ask again by itself
		t.Errorf("the authority was asked %d times", before)
	}
	for _, pause := range []string{"1m0s", "2m0s", "4m0s", "8m0s", "16m0s", "32m0s", "1h0m0s", "1h0m0s"} {
		warnings := logLines(log, "next_try_after="+pause)
		if warnings == 0 {
			t.Errorf("no warning that waits %s:\n%s", pause, log)
		}
		wait, err := time.ParseDuration(pause)
		if err != nil {
			t.Fatal(err)
		}
		clock.add(wait + time.Second)
		front.Obtain()
	}
}

func logLines(log *syncBuffer, part string) int {
	n := 0
	for s := bufio.NewScanner(strings.NewReader(log.String())); s.Scan(); {
		if strings.Contains(s.Text(), part) {
			n++
		}
	}
	return n
}

// TestACMEUnknownAuthority: without its root the authority is not believed, and
// the log says so.
func TestACMEUnknownAuthority(t *testing.T) {
	authority := httptest.NewUnstartedServer(http.NotFoundHandler())
	authority.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	authority.StartTLS()
	defer authority.Close()
	log := &syncBuffer{}
	front, err := tlsfront.New(tlsfront.Options{
		Domains: []string{"lectern.example.test"}, Directory: authority.URL, Cache: t.TempDir(),
		Log: slog.New(slog.NewTextHandler(log, nil)), Clock: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	front.Obtain()
	if !strings.Contains(log.String(), "unknown authority") {
		t.Errorf("log: %s", log)
	}
}
