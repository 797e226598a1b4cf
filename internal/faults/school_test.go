package faults

import (
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"lectern/internal/oauth1"
)

// The one consumer of these tests.
const (
	consumerKey    = "school"
	consumerSecret = "only the school knows"
)

const outcomeAnswer = `<?xml version="1.0" encoding="UTF-8"?>` +
	`<imsx_POXEnvelopeResponse xmlns="http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0">` +
	`<imsx_POXHeader><imsx_POXResponseHeaderInfo><imsx_statusInfo><imsx_codeMajor>%s</imsx_codeMajor>` +
	`<imsx_description>%s</imsx_description></imsx_statusInfo></imsx_POXResponseHeaderInfo></imsx_POXHeader>` +
	`<imsx_POXBody><replaceResultResponse/></imsx_POXBody></imsx_POXEnvelopeResponse>`

// school is an LMS: it checks signatures and nonces as LMSs do, keeps a
// gradebook, and misbehaves as a test wants.
type school struct {
	t    *testing.T
	addr string // host:port, the same through all outages

	mu     sync.Mutex
	server *http.Server
	odd    func(w http.ResponseWriter, r *http.Request, m grade) (handled bool)
	book   map[string]string   // what the gradebook holds, by sourcedid
	got    map[string][]string // all values that came, by sourcedid, in order
	nonces map[string]bool
	seen   int // requests, good and bad
	inside int // requests at a time
	most   int // the most there ever were
}

// grade is one message.
type grade struct{ sourcedID, value string }

func newSchool(t *testing.T) *school {
	t.Helper()
	s := &school{t: t, book: map[string]string{}, got: map[string][]string{}, nonces: map[string]bool{}}
	s.up()
	t.Cleanup(s.down)
	return s
}

// up makes the LMS listen.
func (s *school) up() {
	s.t.Helper()
	at := s.addr
	if at == "" {
		at = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp4", at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute}
	s.mu.Lock()
	s.server = server
	s.mu.Unlock()
	go func() { _ = server.Serve(listener) }() // it says that it was closed
}

// down makes the LMS refuse connections.
func (s *school) down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.server.Close() // whatever it says, nobody listens any more
}

// does makes f see every message first; nil ends it.
func (s *school) does(f func(w http.ResponseWriter, r *http.Request, m grade) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.odd = f
}

var (
	sourcedIDElement = regexp.MustCompile(`<sourcedId>(.*?)</sourcedId>`)
	valueElement     = regexp.MustCompile(`<textString>(.*?)</textString>`)
	nonceField       = regexp.MustCompile(`oauth_nonce="([^"]*)"`)
	timestampField   = regexp.MustCompile(`oauth_timestamp="(\d+)"`)
)

func (s *school) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen++
	s.inside++
	s.most = max(s.most, s.inside)
	odd := s.odd
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inside--
	}()
	body, err := io.ReadAll(r.Body)
	sid, value := sourcedIDElement.FindSubmatch(body), valueElement.FindSubmatch(body)
	if err != nil || r.Method != http.MethodPost || sid == nil || value == nil {
		http.Error(w, "no replaceResult", http.StatusBadRequest)
		return
	}
	m := grade{html.UnescapeString(string(sid[1])), string(value[1])}
	if why := s.distrust(r, body); why != "" {
		s.t.Errorf("outcome refused: %s", why)
		fmt.Fprintf(w, outcomeAnswer, "failure", why)
		return
	}
	if odd != nil && odd(w, r, m) {
		return
	}
	s.keep(m)
	fmt.Fprintf(w, outcomeAnswer, "success", "")
}

// keep writes a value into the gradebook.
func (s *school) keep(m grade) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book[m.sourcedID] = m.value
	s.got[m.sourcedID] = append(s.got[m.sourcedID], m.value)
}

// distrust checks signature, clock and nonce: each try has its own.
func (s *school) distrust(r *http.Request, body []byte) string {
	header := r.Header.Get("Authorization")
	nonce, stamp := nonceField.FindStringSubmatch(header), timestampField.FindStringSubmatch(header)
	if nonce == nil || stamp == nil {
		return "no signature"
	}
	seconds, err := strconv.ParseInt(stamp[1], 10, 64)
	at := time.Unix(seconds, 0)
	if err != nil || time.Since(at).Abs() > time.Minute {
		return "stale timestamp " + stamp[1]
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	want, err := oauth1.Signer{
		Key: consumerKey, Secret: consumerSecret,
		Clock: func() time.Time { return at }, Nonce: func() string { return nonce[1] },
	}.Header(http.MethodPost, scheme+r.Host+r.RequestURI, body)
	if err != nil || header != want {
		return "signature"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nonces[nonce[1]] {
		return "nonce used before"
	}
	s.nonces[nonce[1]] = true
	return ""
}

// gradebook returns a copy of what the LMS holds.
func (s *school) gradebook() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	book := map[string]string{}
	for sid, value := range s.book {
		book[sid] = value
	}
	return book
}

// values returns all values that came for a sourcedid.
func (s *school) values(sourcedID string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.got[sourcedID]...)
}

// requests returns how many came so far, and the most there were at a time.
func (s *school) requests() (all, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen, s.most
}
