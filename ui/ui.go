// Package ui holds what browsers get: a folder per page with its template,
// style and script together, and under vendor/ the libraries that
// scripts/fetch-ui brings. All of it is embedded in the binary.
//
// Files are served at /ui/{build}/{name}, where build is a digest of everything
// here: an address never changes its content, so browsers and caches may keep
// it for ever, and files that load each other by relative address stay together.
package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"
)

// FS has the folders of pages, and vendor/ when it has been fetched.
//
//go:embed access account accounts ask audit console consumer consumers course courses dates enter error front help home launches layout learn learners locale pick rescore scores search settings signin test versions vendor
var FS embed.FS

// Prefix is the path all files are served under.
const Prefix = "/ui/"

// build returns the digest of all files.
var build = sync.OnceValue(func() string {
	sum := sha256.New()
	_ = fs.WalkDir(FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := FS.ReadFile(name)
		sum.Write([]byte(name + "\x00"))
		sum.Write(b)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil))[:16]
})

// Asset returns the address of a file, e.g. of "layout/base.css".
func Asset(name string) string { return Prefix + build() + "/" + name }

// Has reports whether there is a file of this name. Files of vendor/ may be
// missing in a build made without npm.
func Has(name string) bool {
	info, err := fs.Stat(FS, name)
	return err == nil && !info.IsDir()
}

// Handler serves the files at [Prefix]. Templates stay inside. An address of
// another build gets this build's file, uncached: it was linked by a replica
// that is being replaced.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		digest, name, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
		if !ok || !Has(name) || strings.HasSuffix(name, ".html") {
			http.NotFound(w, r)
			return
		}
		b, err := FS.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		cache := "no-cache"
		if digest == build() {
			cache = "public, max-age=31536000, immutable"
		}
		h := w.Header()
		h.Set("Cache-Control", cache)
		h.Set("X-Content-Type-Options", "nosniff")
		if t, ok := contentTypes[ext(name)]; ok {
			h.Set("Content-Type", t)
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
	})
}

// contentTypes does not leave it to the machine's tables what a script is.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

func ext(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[i:]
	}
	return ""
}
