package config

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestGrader(t *testing.T) {
	ok := Grader{GraderFor: "needed", GraderTimeout: 20 * time.Second, GraderJobs: 4}
	for _, tt := range []struct {
		name string
		edit func(*Grader)
		good bool
	}{
		{"off", func(*Grader) {}, true},
		{"command", func(g *Grader) { g.GraderCommand = "python3 grader.py" }, true},
		{"service with token", func(g *Grader) { g.GraderURL, g.GraderToken = "http://localhost/", "x" }, true},
		{"both", func(g *Grader) { g.GraderURL, g.GraderCommand = "http://localhost/", "x" }, false},
		{"token without service", func(g *Grader) { g.GraderCommand, g.GraderToken = "x", "x" }, false},
		{"all to nobody", func(g *Grader) { g.GraderFor = "all" }, false},
		{"all", func(g *Grader) { g.GraderFor, g.GraderCommand = "all", "x" }, true},
		{"no time", func(g *Grader) { g.GraderCommand, g.GraderTimeout = "x", 0 }, false},
		{"an hour", func(g *Grader) { g.GraderCommand, g.GraderTimeout = "x", time.Hour }, false},
		{"no jobs", func(g *Grader) { g.GraderCommand, g.GraderJobs = "x", 0 }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := ok
			tt.edit(&g)
			if err := g.Check(); (err == nil) != tt.good {
				t.Errorf("Check() = %v", err)
			}
		})
	}
}

func TestGraderRoots(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for _, tt := range []struct {
		path       string
		pool, fail bool
	}{
		{"", false, false},
		{file("ca.pem", cert), true, false},
		{file("empty.pem", nil), false, true},
		{filepath.Join(dir, "missing"), false, true},
	} {
		g := Grader{GraderCA: tt.path}
		pool, err := g.Roots()
		if (pool != nil) != tt.pool || (err != nil) != tt.fail {
			t.Errorf("Roots(%q) = %v, %v", tt.path, pool, err)
		}
	}
}
