package course

import (
	"strings"

	"lectern/internal/keys"
)

// Asset is a file beside the course. Its bytes are stored by SHA256.
type Asset struct {
	Name        string // path below static/, as the course team named it
	ContentType string
	Size        int64
	SHA256      string // lower-case hex of the content
	Locked      bool   // only for learners inside a launch
}

// Assets finds files the way course authors wrote their names: exactly, by the
// name Studio cleaned, or ignoring case.
type Assets struct {
	list    []Asset
	exact   map[string]int
	cleaned map[string]int
	folded  map[string]int
}

// NewAssets indexes list. Where two names clash the first one wins.
func NewAssets(list []Asset) *Assets {
	a := &Assets{list: list, exact: map[string]int{}, cleaned: map[string]int{}, folded: map[string]int{}}
	for i, asset := range list {
		put(a.exact, asset.Name, i)
		put(a.cleaned, keys.CleanAssetName(asset.Name), i)
		put(a.folded, strings.ToLower(keys.CleanAssetName(asset.Name)), i)
	}
	return a
}

func put(m map[string]int, k string, i int) {
	if _, taken := m[k]; !taken {
		m[k] = i
	}
}

// All returns the assets in the order they were given.
func (a *Assets) All() []Asset { return a.list }

// Find returns the asset an author meant by name: the exact name, else the
// cleaned one, else ignoring case.
func (a *Assets) Find(name string) (Asset, bool) {
	name = strings.TrimPrefix(name, "/")
	if i, ok := a.exact[name]; ok {
		return a.list[i], true
	}
	clean := keys.CleanAssetName(name)
	if i, ok := a.cleaned[clean]; ok {
		return a.list[i], true
	}
	if i, ok := a.folded[strings.ToLower(clean)]; ok {
		return a.list[i], true
	}
	return Asset{}, false
}

// BlobKey returns the key in the blob store of the file whose SHA-256, in
// lower-case hex, is sha.
func BlobKey(sha string) string {
	if len(sha) < 2 {
		return "sha256/" + sha
	}
	return "sha256/" + sha[:2] + "/" + sha
}
