// Package s3test runs an S3 server inside a test, on loopback: buckets in
// memory, spoken to by the same driver and protocol as a real one.
package s3test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// accessKey is who may use the server; it does not check the signature.
const accessKey = "TESTACCESSKEY"

// Fault is what the server does instead of answering.
type Fault string

// The faults.
const (
	None   Fault = ""
	Denied Fault = "AccessDenied" // 403
	Busy   Fault = "SlowDown"     // 503
	Hang   Fault = "hang"         // no answer until the client gives up
)

// Server is an S3 server with one bucket, "courses".
type Server struct {
	URL string // of the bucket, as LECTERN_ASSETS takes it

	mu     sync.Mutex
	fault  func(r *http.Request) Fault
	writes int
}

// Start runs a server until the test ends and puts credentials for it into the
// environment.
func Start(t testing.TB) *Server {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("courses"); err != nil {
		t.Fatal(err)
	}
	s := &Server{fault: func(*http.Request) Fault { return None }}
	s3 := gofakes3.New(backend, gofakes3.WithoutVersioning()).Server()
	ended := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, s3, ended)
	}))
	t.Cleanup(func() {
		close(ended)
		web.CloseClientConnections()
		web.Close()
	})
	s.URL = bucketURL(web.URL, "courses")
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // tests do not wait for a second try
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	return s
}

// Other returns the URL of a bucket that is not there.
func (s *Server) Other() string { return strings.Replace(s.URL, "s3://courses?", "s3://nothing?", 1) }

func bucketURL(endpoint, bucket string) string {
	q := url.Values{"endpoint": {endpoint}, "region": {"us-east-1"}, "use_path_style": {"true"}}
	return "s3://" + bucket + "?" + q.Encode()
}

// Fail makes requests for which f says so fail, from now on; nil ends that.
func (s *Server) Fail(f func(r *http.Request) Fault) {
	if f == nil {
		f = func(*http.Request) Fault { return None }
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Always fails every request in the same way.
func (s *Server) Always(fault Fault) { s.Fail(func(*http.Request) Fault { return fault }) }

// Writes returns how many objects were put.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, next http.Handler, ended <-chan struct{}) {
	s.mu.Lock()
	fault := s.fault(r)
	if r.Method == http.MethodPut && fault == None {
		s.writes++
	}
	s.mu.Unlock()
	if !strings.Contains(r.Header.Get("Authorization"), "Credential="+accessKey+"/") {
		fault = Denied
	}
	switch fault {
	case None:
		next.ServeHTTP(w, r)
	case Hang:
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	case Denied:
		refuse(w, http.StatusForbidden, fault)
	case Busy:
		refuse(w, http.StatusServiceUnavailable, fault)
	}
}

func refuse(w http.ResponseWriter, status int, fault Fault) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<Error><Code>"+string(fault)+"</Code><Message>a test wants this</Message></Error>")
}
