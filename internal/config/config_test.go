package config

import (
	"testing"
	"time"
)

func TestPublic(t *testing.T) {
	for _, tt := range []struct{ name, set, want string }{
		{"default", "", "http://localhost:8000"},
		{"https", "https://lectern.example.edu", "https://lectern.example.edu"},
		{"trailing slash", "https://lectern.example.edu/", "https://lectern.example.edu"},
		{"port", "http://10.1.2.3:8080", "http://10.1.2.3:8080"},
		{"no scheme", "lectern.example.edu", ""},
		{"path", "https://example.edu/lectern", ""},
		{"user", "https://me:pw@example.edu", ""},
		{"query", "https://example.edu?x=1", ""},
		{"other scheme", "ftp://example.edu", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Config{PublicURL: tt.set}
			u, err := c.Public("localhost:8000")
			if tt.want == "" {
				if err == nil {
					t.Fatalf("Public() = %v; want an error", u)
				}
				return
			}
			if err != nil || u.String() != tt.want {
				t.Errorf("Public() = %v, %v; want %s", u, err, tt.want)
			}
		})
	}
}

func TestAllowed(t *testing.T) {
	for _, tt := range []struct {
		in   []string
		want int // -1 means refused
	}{
		{nil, 0},
		{[]string{"127.0.0.0/8", " 10.1.2.3 ", "fd00::/8", ""}, 3},
		{[]string{"10.0.0.0/99"}, -1},
		{[]string{"moodle.local"}, -1},
	} {
		c := Config{OutboundAllow: tt.in}
		got, err := c.Allowed()
		if (err != nil) != (tt.want < 0) || err == nil && len(got) != tt.want {
			t.Errorf("Allowed(%q) = %v, %v; want %d networks", tt.in, got, err, tt.want)
		}
	}
}

func TestPublicOfOwnHTTPS(t *testing.T) {
	for _, tt := range []struct{ name, listening, want string }{
		{"port of https", "lectern.example.edu:443", "https://lectern.example.edu"},
		{"other port", "lectern.example.edu:8443", "https://lectern.example.edu:8443"},
		{"address", "[::1]:443", "https://[::1]"},
		{"port that ends alike", "lectern.example.edu:8000", "https://lectern.example.edu:8000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Config{HTTPS: HTTPS{TLSCert: "cert.pem", TLSKey: "key.pem"}}
			if u, err := c.Public(tt.listening); err != nil || u.String() != tt.want {
				t.Errorf("Public(%s) = %v, %v; want %s", tt.listening, u, err, tt.want)
			}
		})
	}
}

// TestGather: scores are never gathered for longer than a clock that was set
// back would hold them up.
func TestGather(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{-time.Minute: 0, time.Minute: time.Minute, 24 * time.Hour: 6 * time.Hour} {
		if got := (&Config{AggregateDelay: given}).Gather(); got != want {
			t.Errorf("%s is gathered for %s, want %s", given, got, want)
		}
	}
}
