// Package mail sends short letters by SMTP: links to people who asked for them.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"net/smtp"
	"net/url"
	"strings"
	"time"

	"lectern/internal/errs"
)

// timeout bounds one letter, from connecting to the server's last answer.
const timeout = 30 * time.Second

// ErrSetting means that the mail settings cannot be used.
var ErrSetting = errs.New(errs.Invalid, "mail_setting_invalid", "", "The mail settings cannot be used.",
	"LECTERN_SMTP_URL is smtp://user:password@host:587 or smtps://user:password@host:465; LECTERN_MAIL_FROM is an e-mail address.")

// Sender sends letters. It is safe for concurrent use.
type Sender struct {
	host, address string
	implicit      bool // TLS from the first byte
	local         bool // the server is this machine
	plain         bool // the operator takes letters without TLS
	user, secret  string
	from          netmail.Address
	clock         func() time.Time
	tls           *tls.Config // nil for the machine's certificates
}

// New returns a sender for an smtp:// or smtps:// URL and an address to send
// from, or [ErrSetting].
func New(rawURL, from string, clock func() time.Time) (*Sender, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, ErrSetting.With("server address") // not the address: it holds a password
	}
	sender, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, ErrSetting.With("address to send from: %w", err)
	}
	s := &Sender{host: u.Hostname(), implicit: u.Scheme == "smtps", from: *sender, clock: clock}
	ip := net.ParseIP(s.host)
	s.local = s.host == "localhost" || ip != nil && ip.IsLoopback()
	s.plain = u.Query().Get("tls") == "none"
	port := u.Port()
	if port == "" {
		port = map[bool]string{true: "465", false: "587"}[s.implicit]
	}
	s.address = net.JoinHostPort(s.host, port)
	if u.User != nil {
		s.user = u.User.Username()
		s.secret, _ = u.User.Password()
	}
	return s, nil
}

// Send sends plain text to one address. It insists on TLS, but on this machine
// or, without a password, where the operator does not (?tls=none).
func (s *Sender) Send(ctx context.Context, to, subject, text string) error {
	recipient, err := netmail.ParseAddress(to)
	if err != nil || recipient.Address != to {
		return fmt.Errorf("mail: recipient is no address")
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	client, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := s.hand(client, to, s.letter(to, subject, text)); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

func (s *Sender) config() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.tls != nil {
		c = s.tls.Clone()
	}
	c.ServerName = s.host
	return c
}

func (s *Sender) dial(ctx context.Context) (*smtp.Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if s.implicit {
		conn = tls.Client(conn, s.config())
	}
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mail server: %w", err), conn.Close())
	}
	return client, nil
}

// hand gives the letter to the server.
func (s *Sender) hand(client *smtp.Client, to string, letter []byte) error {
	if ok, _ := client.Extension("STARTTLS"); ok && !s.implicit {
		if err := client.StartTLS(s.config()); err != nil {
			return fmt.Errorf("STARTTLS: %w", err)
		}
	} else if !s.implicit && !s.local && !s.plain {
		return errors.New("the server offers no STARTTLS, and letters hold links that sign people in")
	}
	if s.user != "" {
		// PlainAuth refuses to send a password without TLS, but to localhost.
		if err := client.Auth(smtp.PlainAuth("", s.user, s.secret, s.host)); err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
	}
	if err := client.Mail(s.from.Address); err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	if err := client.Rcpt(to); err != nil {
		return fmt.Errorf("recipient: %w", err)
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(letter); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return client.Quit()
}

func (s *Sender) letter(to, subject, text string) []byte {
	var b strings.Builder
	for _, h := range [][2]string{
		{"From", s.from.String()},
		{"To", (&netmail.Address{Address: to}).String()},
		{"Subject", mime.QEncoding.Encode("utf-8", subject)}, // never breaks the line
		{"Date", s.clock().Format(time.RFC1123Z)},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, err := w.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return []byte(b.String())
}
