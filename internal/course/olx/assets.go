package olx

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"path"
	"slices"
	"strings"

	"lectern/internal/course"
	"lectern/internal/keys"
)

// File is a file beside the course, to be stored by its SHA-256.
type File struct {
	course.Asset
	src  *source
	path string
}

// Open opens the file. It works until the Tree is closed.
func (f File) Open() (io.ReadCloser, error) {
	r, err := f.src.open(f.path)
	if err != nil {
		return nil, fmt.Errorf("asset %s: %w", f.Name, err)
	}
	return r, nil
}

// assetPolicy is an entry of policies/assets.json, keyed by cleaned name.
type assetPolicy struct {
	ContentType string `json:"contentType"`
	DisplayName string `json:"displayname"`
	ImportPath  string `json:"import_path"`
	Filename    string `json:"filename"` // asset key in the source course
	Locked      bool   `json:"locked"`
	Son         struct {
		Run string `json:"run"`
	} `json:"content_son"`
}

// assetPolicies reads policies/assets.json.
func (l *loader) assetPolicies() map[string]assetPolicy {
	const name = "policies/assets.json"
	out := map[string]assetPolicy{}
	if !l.src.has(name) {
		return out
	}
	var raw map[string]json.RawMessage
	b, err := l.src.read(name)
	if err == nil {
		err = json.Unmarshal(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), &raw)
	}
	if err != nil {
		l.fail(course.Ref{}, name, "it is left out: %v", err)
		return out
	}
	for key, text := range raw {
		var p assetPolicy
		if json.Unmarshal(text, &p) == nil {
			out[key] = p
		}
	}
	return out
}

// assetFolders are where a course's files lie; the first wins.
var assetFolders = [...]string{"static", "static_import"}

// assets lists the files of the course. Where Studio knew one by another name
// than its cleaned own, it is listed under that name too.
func (l *loader) assets(policies map[string]assetPolicy) ([]File, error) {
	byName := map[string]string{} // display name or import path → key
	for _, key := range sortedKeys(policies) {
		p := policies[key]
		for _, name := range []string{p.ImportPath, p.DisplayName} {
			if name != "" {
				byName[name] = key
			}
		}
	}
	var out []File
	taken := map[string]bool{}
	add := func(f File) {
		if !taken[f.Name] {
			taken[f.Name] = true
			out = append(out, f)
		}
	}
	var aliases []File
	for _, folder := range assetFolders {
		for _, name := range l.src.below(folder) {
			f, err := l.asset(folder, name)
			if err != nil {
				return nil, err
			}
			key := keys.CleanAssetName(name)
			if k, ok := byName[name]; ok {
				key = k
			}
			if p, ok := policies[key]; ok {
				f.Locked = p.Locked
				f.ContentType = cmp.Or(p.ContentType, f.ContentType)
			}
			add(f)
			if key != keys.CleanAssetName(name) {
				alias := f
				alias.Name = key
				aliases = append(aliases, alias)
			}
		}
	}
	for _, f := range aliases { // real names first
		add(f)
	}
	return out, nil
}

func (l *loader) asset(folder, name string) (File, error) {
	f := File{src: l.src, path: folder + "/" + name}
	sum, size, err := l.src.sum(f.path)
	if err != nil {
		return File{}, err
	}
	f.Asset = course.Asset{Name: name, ContentType: contentType(name), Size: size, SHA256: sum}
	return f, nil
}

// sum returns the SHA-256, in hex, and the size of a file.
func (s *source) sum(name string) (string, int64, error) {
	if known, ok := s.sums[name]; ok {
		return known.hex, known.size, nil
	}
	r, err := s.open(name)
	if err != nil {
		return "", 0, fmt.Errorf("read course: %w", err)
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err != nil {
		return "", 0, fmt.Errorf("read course: %w", err)
	}
	s.sums[name] = sum{hex.EncodeToString(h.Sum(nil)), n}
	return s.sums[name].hex, n, nil
}

// format changes when the same files would be read differently than by the
// previous release, so that importing them again makes a new version.
const format = "lectern-olx-2"

// digest returns a hash of everything the import depends on.
func (l *loader) digest() ([]byte, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%d\n", format, l.key, l.opts.LegacyAttempts)
	names := make([]string, 0, len(l.src.files))
	for name := range l.src.files {
		if !strings.HasPrefix(name, "drafts/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		sum, _, err := l.src.sum(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(h, "%s %q\n", sum, name)
	}
	return h.Sum(nil), nil
}

// contentType guesses from the extension, the same on every system for what
// courses hold.
func contentType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".htm", ".html":
		return "text/html; charset=utf-8"
	case ".json", ".sjson":
		return "application/json"
	case ".srt", ".txt", ".md", ".tex", ".py", ".csv":
		return "text/plain; charset=utf-8"
	case ".vtt":
		return "text/vtt; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".mp4", ".m4v":
		return "video/mp4"
	case ".webm":
		return "video/webm"
	case ".mp3":
		return "audio/mpeg"
	case ".woff2":
		return "font/woff2"
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

// drafts counts the units under drafts/, which learners do not see.
func (s *source) drafts() int {
	n := 0
	for name := range s.files {
		if !strings.HasPrefix(name, "drafts/vertical/") {
			continue
		}
		b, err := s.read(name)
		if err == nil && bytes.Contains(b, []byte("index_in_children_list")) {
			n++
		}
	}
	return n
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
