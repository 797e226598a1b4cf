package mail

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// server is a tiny SMTP server for one letter.
type server struct {
	address  string
	roots    *x509.CertPool
	config   *tls.Config
	starttls bool
	refuse   string // command that is refused
	said     chan string
}

func newServer(t *testing.T, implicit, starttls bool, refuse string) *server {
	t.Helper()
	cert, roots := certificate(t)
	s := &server{
		config: &tls.Config{Certificates: []tls.Certificate{cert}}, roots: roots, starttls: starttls, refuse: refuse,
		said: make(chan string, 1),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s.address = listener.Addr().String()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if implicit {
			conn = tls.Server(conn, s.config)
		}
		s.serve(conn)
	}()
	return s
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// serve speaks until the end and reports everything that it was told.
func (s *server) serve(conn net.Conn) {
	var told strings.Builder
	defer func() { s.said <- told.String(); _ = conn.Close() }()
	say := func(line string) { _, _ = conn.Write([]byte(line + "\r\n")) }
	say("220 box")
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		told.WriteString(lines.Text() + "\n")
		command, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
		switch {
		case command == s.refuse:
			say("550 no")
		case command == "EHLO":
			say("250-box")
			if s.starttls {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN")
		case command == "STARTTLS":
			say("220 go on")
			conn = tls.Server(conn, s.config)
			lines, s.starttls = bufio.NewScanner(conn), false
			told.WriteString("[tls]\n")
		case command == "AUTH":
			say("235 welcome")
		case command == "DATA":
			say("354 go on")
			for lines.Scan() && lines.Text() != "." {
				told.WriteString(lines.Text() + "\n")
			}
			say("250 kept")
		case command == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func clock() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func TestSend(t *testing.T) {
	for _, tt := range []struct {
		name               string
		implicit, starttls bool
		scheme, refuse     string
		fails              bool
	}{
		{"STARTTLS", false, true, "smtp://user:pass@", "", false},
		{"TLS at once", true, false, "smtps://user:pass@", "", false},
		{"plain on this machine", false, false, "smtp://", "", false},
		{"refused recipient", false, true, "smtp://", "RCPT", true},
		{"refused password", false, true, "smtp://user:pass@", "AUTH", true},
		{"refused letter", false, true, "smtp://", "DATA", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			box := newServer(t, tt.implicit, tt.starttls, tt.refuse)
			s, err := New(tt.scheme+box.address, "Lectern <no-reply@lectern.example>", clock)
			if err != nil {
				t.Fatal(err)
			}
			s.tls = &tls.Config{RootCAs: box.roots}
			err = s.Send(context.Background(), "zoe@example.com", "Neues Paßwort", "Grüße\n.\n"+strings.Repeat("x", 200)+"\n")
			if (err != nil) != tt.fails {
				t.Fatalf("Send: %v", err)
			}
			if tt.fails {
				return
			}
			told := <-box.said
			for _, want := range []string{
				"MAIL FROM:<no-reply@lectern.example>", "RCPT TO:<zoe@example.com>", "Subject: =?utf-8?q?Neues_Pa=C3=9Fwort?=",
				"Gr=C3=BC=C3=9Fe\n", "Date: Mon, 23 Nov 2026 09:00:00 +0000", "From: \"Lectern\" <no-reply@lectern.example>",
			} {
				if !strings.Contains(told, want) {
					t.Errorf("lacks %q: %s", want, told)
				}
			}
			before, _, _ := strings.Cut(told, "[tls]")
			if tt.starttls && (before == told || strings.Contains(before, "AUTH") || strings.Contains(before, "RCPT")) {
				t.Errorf("password or letter went before TLS: %s", told)
			}
		})
	}
}

// An unknown certificate gets neither password nor letter, and nobody smuggles
// a line into the header.
func TestSendRefuses(t *testing.T) {
	box := newServer(t, false, true, "")
	s, err := New("smtp://user:pass@"+box.address, "a@b.example", clock)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(context.Background(), "zoe@example.com", "x", "y"); err == nil {
		t.Error("an unknown certificate is believed")
	}
	if told := <-box.said; strings.Contains(told, "AUTH") || strings.Contains(told, "RCPT") {
		t.Errorf("told %s", told)
	}
	stripped := newServer(t, false, false, "")
	if s, err = New("smtp://"+stripped.address, "a@b.example", clock); err != nil {
		t.Fatal(err)
	}
	s.local = false // as any other machine
	if err := s.Send(context.Background(), "zoe@example.com", "x", "y"); err == nil {
		t.Error("a letter goes without TLS over the network")
	}
	s.plain = true
	for _, to := range []string{"", "no address", "a@b.example\r\nBcc: c@d.example", "A <a@b.example>"} {
		if err := s.Send(context.Background(), to, "x", "y"); err == nil {
			t.Errorf("sent to %q", to)
		}
	}
	if letter := string(s.letter("a@b.example", "x\r\nBcc: c@d.example", "")); strings.Contains(letter, "\nBcc") {
		t.Errorf("a header from the subject: %s", letter)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct{ url, from string }{
		{"http://host", "a@b.example"}, {"smtp://", "a@b.example"}, {"host:25", "a@b.example"}, {"smtp://host", ""},
		{"smtp://user:secret@ho st", "a@b.example"},
	} {
		_, err := New(tt.url, tt.from, clock)
		if !errors.Is(err, ErrSetting) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q %q: %v", tt.url, tt.from, err)
		}
	}
	for url, want := range map[string]string{"smtp://host": "host:587", "smtps://host": "host:465", "smtp://host:25": "host:25"} {
		if s, err := New(url, "a@b.example", clock); err != nil || s.address != want {
			t.Errorf("%s: %v, %v", url, s, err)
		}
	}
}
