package tlsfront

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	lookEvery = 3 * time.Second // how often files are read again, at most
	maxFile   = 1 << 20         // bytes of a PEM file
	expiring  = 7 * 24 * time.Hour
)

// pair is a certificate and its key in two files. Whoever renews them replaces
// one after the other, so at times they do not match: then the old pair stays
// until they do.
type pair struct {
	certFile, keyFile string
	log               *slog.Logger
	clock             func() time.Time

	current atomic.Pointer[tls.Certificate]

	mu              sync.Mutex // held by the one handshake that looks
	looked          time.Time
	certPEM, keyPEM []byte // what was last read, whether it was usable or not
	unread          bool   // the last look could not read the files
}

// openPair reads the files for the first time.
func openPair(o Options) (*pair, error) {
	p := &pair{certFile: o.CertFile, keyFile: o.KeyFile, log: o.Log, clock: o.Clock}
	p.looked = p.clock()
	if _, err := p.read(); err != nil {
		return nil, err
	}
	if err := p.use(); err != nil {
		return nil, err
	}
	return p, nil
}

// certificate returns the newest usable pair [tls.Config.GetCertificate]. One
// handshake looks at the files; others meanwhile use what is there.
func (p *pair) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if p.mu.TryLock() {
		if now := p.clock(); now.Sub(p.looked) >= lookEvery {
			p.looked = now
			p.look()
		}
		p.mu.Unlock()
	}
	return p.current.Load(), nil
}

// look takes changed files into use, or says once why it cannot.
func (p *pair) look() {
	changed, err := p.read()
	if err != nil {
		if !p.unread {
			p.log.Warn("certificate files cannot be read; the one in use stays", slog.String("error", err.Error()))
		}
		p.unread = true
		return
	}
	p.unread = false
	if !changed {
		return
	}
	if err := p.use(); err != nil {
		p.log.Warn("new certificate files are not usable; the one in use stays", slog.String("error", err.Error()))
		return
	}
	p.log.Info("certificate files reloaded", slog.Time("until", p.current.Load().Leaf.NotAfter))
}

// read fetches both files and reports whether they differ from last time. The
// content is compared, not the time of change: that can stand still.
func (p *pair) read() (changed bool, err error) {
	cert, errCert := readSmall(p.certFile)
	key, errKey := readSmall(p.keyFile)
	if err := errors.Join(errCert, errKey); err != nil {
		return false, fmt.Errorf("https: %w", err)
	}
	if bytes.Equal(cert, p.certPEM) && bytes.Equal(key, p.keyPEM) {
		return false, nil
	}
	p.certPEM, p.keyPEM = cert, key
	return true, nil
}

// use makes what was read the certificate of handshakes to come.
func (p *pair) use() error {
	cert, err := tls.X509KeyPair(p.certPEM, p.keyPEM)
	if err != nil {
		return fmt.Errorf("https: certificate %s with key %s: %w", p.certFile, p.keyFile, err)
	}
	p.current.Store(&cert)
	if end := cert.Leaf.NotAfter; end.Before(p.clock().Add(expiring)) {
		p.log.Warn("the certificate ends soon or has ended", slog.Time("until", end))
	}
	return nil
}

func (p *pair) covers(host string) bool {
	return p.current.Load().Leaf.VerifyHostname(host) == nil
}

func (p *pair) name() string {
	names := p.current.Load().Leaf.DNSNames
	if i := slices.IndexFunc(names, func(n string) bool { return !strings.Contains(n, "*") }); i >= 0 {
		return names[i]
	}
	return ""
}

// readSmall reads a file that is expected to be a few kilobytes.
func readSmall(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s is over %d bytes", name, maxFile)
	}
	return b, nil
}
