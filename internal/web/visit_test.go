package web

import (
	"net/url"
	"strings"
	"testing"
)

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/account", "/admin?x=//y", "/enter/a#b", "//evil", "/\\evil", "/account/%2f%2fevil"} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "lectern.example"}
	f.Fuzz(func(t *testing.T, next string) {
		got := LocalPath(next, "")
		if got == "" {
			return
		}
		to, err := base.Parse(got)
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || to.User != nil {
			t.Fatalf("%q leads to %v, %v", next, to, err)
		}
		for _, root := range []string{"/admin", "/account", "/enter/"} {
			if strings.HasPrefix(to.Path, root) {
				return
			}
		}
		t.Fatalf("%q leads to %s", next, to.Path)
	})
}
