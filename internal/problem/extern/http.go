package extern

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"lectern/internal/problem/script"
)

// pauses are how long to wait before the second and the third try.
var pauses = [...]time.Duration{200 * time.Millisecond, time.Second}

// connectTimeout is how long one try waits for a connection with TLS on it.
const connectTimeout = 5 * time.Second

// HTTP is a grader behind an address that the operator set. Jobs are posted to
// it as application/json and answered with 200 and a reply. The address may be
// a private one, so that nothing keeps this from the operator's own network;
// redirects are not followed.
//
// A job changes nothing anywhere, so one that got no reply is sent again:
// twice, while its time lasts.
//
// It is safe for concurrent use.
type HTTP struct {
	url     string
	token   string
	client  *http.Client
	timeout time.Duration
	turns   turns
}

// NewHTTP returns a grader that posts to address. The token, where there is
// one, is sent as a bearer token. roots prove the grader's certificate; nil
// takes those of the system.
func NewHTTP(address, token string, roots *x509.CertPool, l Limits) (*HTTP, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("external grader: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("external grader: %q is no address such as http://localhost:8010/grade", u.Redacted())
	}
	l = l.withDefaults()
	return &HTTP{
		url: u.String(), token: token, timeout: l.Timeout, turns: newTurns(l),
		client: &http.Client{
			Transport: &http.Transport{
				TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout: connectTimeout,
				MaxIdleConnsPerHost: l.Concurrent, MaxConnsPerHost: l.Concurrent,
				IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Run implements [script.Runner].
func (h *HTTP) Run(ctx context.Context, job *script.Job) (*script.Reply, error) {
	release, err := h.turns.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	body, err := encode(ctx, job)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, h.timeout, errTimeout)
	defer cancel()
	for i := 0; ; i++ {
		t := h.try(ctx, body)
		if !t.again || i == len(pauses) {
			return t.reply, t.err
		}
		pause := max(pauses[i], t.after)
		if end, ok := ctx.Deadline(); ok && time.Until(end) <= pause {
			return nil, t.err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, t.err
		}
	}
}

// attempt is what came of sending a job once.
type attempt struct {
	reply *script.Reply
	err   error
	again bool          // another try may do better
	after time.Duration // not before
}

// try sends a job once.
func (h *HTTP) try(ctx context.Context, body []byte) attempt {
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) { sent.Store(info.Err == nil) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return attempt{err: script.ErrUnavailable.With("external grader: %w", err)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if h.token != "" {
		req.Header.Set("Authorization", "Bearer "+h.token)
	}
	res, err := h.client.Do(req)
	if err != nil {
		return h.lost(ctx, sent.Load(), err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxReply+1))
	switch {
	case err != nil:
		return h.lost(ctx, true, err)
	case len(text) > maxReply:
		return attempt{err: script.ErrLimit.With("external grader: %w", errOutput)}
	case res.StatusCode != http.StatusOK:
		return refused(res, text)
	}
	reply, err := decode(text)
	return attempt{reply: reply, err: err}
}

// lost is what a try without an answer comes to. A grader that has the job and
// says nothing until the time is up has met a limit; one that never got it is
// not there.
func (h *HTTP) lost(ctx context.Context, sent bool, err error) attempt {
	cause := context.Cause(ctx)
	switch {
	case cause == nil:
		var cert *tls.CertificateVerificationError
		return attempt{err: script.ErrUnavailable.With("external grader: %w", err), again: !errors.As(err, &cert)}
	case sent && (errors.Is(cause, errTimeout) || errors.Is(cause, context.DeadlineExceeded)):
		return attempt{err: script.ErrLimit.With("external grader: no reply within %s", h.timeout)}
	}
	return attempt{err: script.ErrUnavailable.With("external grader: %w", cause)}
}

// refused is what an answer without a reply comes to.
func refused(res *http.Response, text []byte) attempt {
	kind := script.ErrUnavailable
	a := attempt{}
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		kind, a.again = script.ErrBusy, true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		a.again = true
	}
	a.after = retryAfter(res.Header.Get("Retry-After"))
	detail := quote(text)
	if to := res.Header.Get("Location"); to != "" {
		detail = "it points to " + quote([]byte(to))
	}
	a.err = kind.With("external grader: status %d, %s", res.StatusCode, detail)
	return a
}

// retryAfter reads the header of that name: seconds, or a date. [RFC 9110
// §10.2.3]
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
