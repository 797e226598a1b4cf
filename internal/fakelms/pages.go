package fakelms

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"lectern/internal/errs"
)

//go:embed pages
var files embed.FS

// page is what every template receives; Body is the page's own part.
type page struct {
	LMS   string // name of the LMS
	Title string
	Path  string // of this page, for switching person
	As    User
	Users []User
	Fault OutcomeFault // switched on in the outcome service
	Body  any
}

// Link returns an address of the LMS that keeps the person.
func (p page) Link(to string) string {
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return to + sep + "as=" + url.QueryEscape(p.As.Name)
}

// Switch returns this page's address as seen by another person.
func (p page) Switch(u User) string { return p.Path + "?as=" + url.QueryEscape(u.Name) }

func (l *LMS) routes() http.Handler {
	mux := http.NewServeMux()
	static, err := fs.Sub(files, "pages/static")
	if err == nil {
		mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/course", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /course", l.showCourse)
	mux.HandleFunc("GET /link/{id}", l.showLink)
	mux.HandleFunc("GET /open", l.openLink)
	mux.HandleFunc("GET /launch/{id}", l.postForm)
	mux.HandleFunc("GET /return", l.showReturn)
	mux.HandleFunc("GET /select", l.showSelect)
	mux.HandleFunc("GET /select/form", l.selectForm)
	mux.HandleFunc("POST "+returnPath, l.takeSelection)
	mux.HandleFunc("GET /gradebook", l.showGradebook)
	mux.HandleFunc("GET /gradebook.json", l.gradebookJSON)
	mux.HandleFunc("GET /break", l.showBreak)
	mux.HandleFunc("POST /break", l.setBreak)
	mux.HandleFunc("GET /settings", l.showSettings)
	mux.HandleFunc("POST /settings/credentials", l.saveCredentials)
	mux.HandleFunc("POST /settings/links", l.addLink)
	mux.HandleFunc("POST /settings/links/{id}/remove", l.removeLink)
	servicePath, _, _ := strings.Cut(l.personality.OutcomePath, "?")
	mux.HandleFunc("POST "+servicePath, l.serveOutcome)
	guard := http.NewCrossOriginProtection()
	guard.AddInsecureBypassPattern("POST " + returnPath) // the tool's signature is the proof
	return guard.Handler(mux)
}

// render writes a page, or an error page when the template fails.
func (l *LMS) render(w http.ResponseWriter, r *http.Request, status int, name, title string, body any) {
	l.mu.Lock()
	fault := l.fault.kind
	l.mu.Unlock()
	p := page{LMS: l.name, Title: title, Path: r.URL.Path, As: l.person(r), Users: l.users, Fault: fault, Body: body}
	tmpl, err := template.New("layout.html").Funcs(template.FuncMap{
		"percent": percent, "clock": clock, "iso": iso,
	}).ParseFS(files, "pages/layout.html", "pages/"+name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, p); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "strict-origin-when-cross-origin")
	w.WriteHeader(status)
	if _, err := out.WriteTo(w); err != nil {
		return // the browser left
	}
}

// person returns who the visitor chose to be in the top bar: ?as=ana.
func (l *LMS) person(r *http.Request) User {
	name := r.FormValue("as") // bounded: GET, or a form of these pages
	if u, ok := l.user(name); ok {
		return u
	}
	return l.users[0]
}

func (l *LMS) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := errs.From(err)
	status := http.StatusBadRequest
	if e.Kind == errs.NotFound {
		status = http.StatusNotFound
	}
	l.render(w, r, status, "error.html", "That did not work", e)
}

// percent shows a grade as learners know it.
func percent(value string) string {
	var f float64
	if err := json.Unmarshal([]byte(value), &f); err != nil {
		return value
	}
	b, err := json.Marshal(float64(int(f*1000+0.5)) / 10)
	if err != nil {
		return value
	}
	return string(b) + " %"
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05") }
func iso(t time.Time) string   { return t.UTC().Format(time.RFC3339) }

// back sends the browser to a page of the LMS after a form.
func (l *LMS) back(w http.ResponseWriter, r *http.Request, to string) {
	to = path.Clean("/"+to) + "?as=" + url.QueryEscape(l.person(r).Name)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// limited bounds the body of a form; false means the answer is written.
func limited(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "This form is too large or malformed.", http.StatusBadRequest)
		return false
	}
	return true
}
