package learn

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/problem"
)

// ErrPace means that somebody asks for previews faster than anybody types.
var ErrPace = errs.New(errs.TooMany, "preview_pace", "",
	"Please type a little slower: the preview cannot keep up.",
	"One session asked for more previews than a person can type; nothing is lost by refusing them.")

// How many previews a session may ask for. A person who types without pause asks
// for three in a second.
const (
	previewsAtOnce = 60
	previewsWithin = 10 * time.Second
)

// preview serves problem/{id}/preview: how an answer is read while it is typed.
// request_start comes back as it was sent, so that scripts can drop late
// answers. The names are those of Open edX's preview_formcalc.
func (v *view) preview(w http.ResponseWriter, r *http.Request, b *course.Block) error {
	if !v.previews.allow(v.s.ID, v.now) {
		return ErrPace.With("session %s", v.s.ID)
	}
	shown, err := v.Grading.Preview(v.at(b), r.PostForm.Get("input"), r.PostForm.Get("typed"))
	if broken(err) {
		shown = problem.Preview{Message: v.lang.T("This question has a mistake in it and cannot be shown.")}
	} else if err != nil {
		return err
	}
	frame(r, v.s).SetHeaders(w.Header(), "default-src 'none'")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(struct {
		Preview string `json:"preview"` // LaTeX
		HTML    string `json:"html,omitempty"`
		Error   string `json:"error,omitempty"`
		Start   string `json:"request_start"`
	}{shown.LaTeX, shown.HTML, v.lang.T(shown.Message), r.PostForm.Get("request_start")})
}

// pace counts what each of many askers asks for in a stretch of time. It is safe
// for concurrent use and forgets everybody when the stretch is over.
type pace struct {
	most   int
	within time.Duration

	mu    sync.Mutex
	since time.Time
	count map[string]int
}

// allow reports whether who may ask once more.
func (p *pace) allow(who string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count == nil || now.Sub(p.since) >= p.within {
		p.since, p.count = now, map[string]int{}
	}
	p.count[who]++
	return p.count[who] <= p.most
}
