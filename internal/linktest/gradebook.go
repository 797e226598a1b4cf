package linktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"lectern/internal/fakelms"
	"lectern/internal/store"
)

// maxMessages bounds what a test's gradebook takes, maxBody each message.
const (
	maxMessages = 200
	maxBody     = 64 << 10
)

// errHungUp is a line that the gradebook broke on purpose.
var errHungUp = errors.New("the test gradebook hung up")

// Gradebook answers requests to [Host] itself and leaves all others to next.
func (s *Service) Gradebook(next http.RoundTripper) http.RoundTripper { return &gradebook{s, next} }

type gradebook struct {
	tests *Service
	next  http.RoundTripper
}

// RoundTrip never reaches a network for [Host].
func (g *gradebook) RoundTrip(r *http.Request) (*http.Response, error) {
	if !Owns(r.URL.String()) {
		return g.next.RoundTrip(r)
	}
	body := []byte{}
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
	}
	return g.tests.receive(r, body)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections work.
func (g *gradebook) CloseIdleConnections() {
	if c, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// receive hands a message to the test's LMS and keeps both sides.
func (s *Service) receive(r *http.Request, body []byte) (*http.Response, error) {
	ctx := r.Context()
	id, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	l, err := s.ByID(ctx, id)
	if errors.Is(err, ErrUnknown) {
		return answerOf(r, &answer{status: http.StatusNotFound, header: http.Header{}}), nil
	}
	if err != nil {
		return nil, err
	}
	before, err := s.Messages(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(before) >= maxMessages {
		return answerOf(r, &answer{status: http.StatusTooManyRequests, header: http.Header{}}), nil
	}
	lms, err := s.lms(ctx, l)
	if err != nil {
		return nil, err
	}
	live, err := s.answering(lms, l, len(before) == 0)
	if err != nil {
		return nil, err
	}
	inner := r.Clone(ctx)
	inner.Body, inner.RequestURI = io.NopCloser(bytes.NewReader(body)), "/"+rest
	inner.Header.Set("User-Agent", "Lectern") // the transport in front of a network sets it
	if r.URL.RawQuery != "" {
		inner.RequestURI += "?" + r.URL.RawQuery
	}
	if inner.URL, err = url.ParseRequestURI(inner.RequestURI); err != nil {
		return nil, err
	}
	a := &answer{header: http.Header{}}
	hungUp := live.serve(a, inner)
	m := store.TestMessage{
		TestID: id, At: s.Clock(), Status: a.status, Request: written(r, body), Answer: a.body.String(),
	}
	if list := lms.Messages(); len(list) > 0 {
		last := list[len(list)-1]
		m.Operation, m.Score, m.Accepted, m.Reason = last.Operation, last.Value, last.Accepted, last.Reason
	}
	grade, _ := lms.Grade(l.Person, link)
	err = s.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		return tx.TestLaunches().Receive(ctx, m, grade.Value)
	})
	if err != nil {
		return nil, err
	}
	if hungUp {
		return nil, errHungUp
	}
	return answerOf(r, a), nil
}

// live is a test's LMS about to answer.
type live struct{ http.Handler }

// answering gives the LMS its clock and, for the first message, its fault.
func (s *Service) answering(lms *fakelms.LMS, l *store.TestLaunch, first bool) (live, error) {
	lms.SetClock(s.Clock)
	if first && l.OutcomeFault != "" {
		fault := fakelms.OutcomeFault(l.OutcomeFault)
		if !fault.Known() {
			return live{}, ErrSettings.With("fault %q", l.OutcomeFault)
		}
		lms.FailOutcomes(fault, 1)
	}
	return live{lms}, nil
}

// serve reports whether the LMS broke the line.
func (l live) serve(w http.ResponseWriter, r *http.Request) (hungUp bool) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler { //nolint:errorlint // the sentinel is compared by identity, as net/http does
				panic(p)
			}
			hungUp = true
		}
	}()
	l.ServeHTTP(w, r)
	return false
}

// answer is what the LMS writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

func answerOf(r *http.Request, a *answer) *http.Response {
	a.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.header, Request: r,
		ContentLength: int64(a.body.Len()), Body: io.NopCloser(bytes.NewReader(a.body.Bytes())),
	}
}

var signatureValue = regexp.MustCompile(`oauth_signature="[^"]*"`)

// written is a request as it is shown: without its signature.
func written(r *http.Request, body []byte) string {
	return fmt.Sprintf("%s %s\nAuthorization: %s\nContent-Type: %s\n\n%s", r.Method, r.URL,
		signatureValue.ReplaceAllString(r.Header.Get("Authorization"), `oauth_signature="•"`), r.Header.Get("Content-Type"), body)
}

// ByID returns a test. It fails with [ErrUnknown].
func (s *Service) ByID(ctx context.Context, id string) (l *store.TestLaunch, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) (err error) {
		l, err = tx.TestLaunches().ByID(ctx, id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = ErrUnknown.Wrap(err)
	}
	return l, err
}

// Messages lists what a test's gradebook got, oldest first.
func (s *Service) Messages(ctx context.Context, id string) (list []store.TestMessage, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) (err error) {
		list, err = tx.TestLaunches().Messages(ctx, id, maxMessages)
		return err
	})
	return list, err
}
