package fakelms

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// choice is one option of a form with its explanation.
type choice struct{ Value, Name, Explanation string }

// gradebookPage is the table of users by links and the history of messages.
type gradebookPage struct {
	Links    []Link
	Rows     []gradebookRow
	Messages []Message
}

type gradebookRow struct {
	User  User
	Cells []linkRow
}

func (l *LMS) showGradebook(w http.ResponseWriter, r *http.Request) {
	p := gradebookPage{Messages: l.Messages()}
	for _, k := range l.Links() {
		if k.Graded {
			p.Links = append(p.Links, k)
		}
	}
	for _, u := range l.users {
		row := gradebookRow{User: u}
		for _, k := range p.Links {
			g, ok := l.Grade(u.Name, k.ID)
			row.Cells = append(row.Cells, linkRow{Link: k, Grade: g, Done: ok})
		}
		if !u.Teacher {
			p.Rows = append(p.Rows, row)
		}
	}
	slices.Reverse(p.Messages)
	p.Messages = p.Messages[:min(len(p.Messages), 50)]
	l.render(w, r, http.StatusOK, "gradebook.html", "Gradebook", p)
}

// gradebookJSON gives programs what the page gives people.
func (l *LMS) gradebookJSON(w http.ResponseWriter, _ *http.Request) {
	grades := []Grade{}
	for _, u := range l.users {
		for _, k := range l.Links() {
			if g, ok := l.Grade(u.Name, k.ID); ok {
				grades = append(grades, g)
			}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err := json.NewEncoder(w).Encode(map[string]any{"grades": grades, "messages": l.Messages()}); err != nil {
		return // the client left
	}
}

// breakPage offers the faults of launches and of the outcome service.
type breakPage struct {
	Links      []Link
	Launches   []choice
	Outcomes   []choice
	Now        OutcomeFault
	Left       int
	ForEver    bool
	Character  Personality
	OutcomeURL string
}

func (l *LMS) showBreak(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	f, base := l.fault, l.outcomes()
	l.mu.Unlock()
	l.render(w, r, http.StatusOK, "break.html", "Break things", breakPage{
		Links: l.Links(), Launches: launchChoices(), Outcomes: outcomeChoices(),
		Now: f.kind, Left: f.left, ForEver: f.left < 0,
		Character: l.personality, OutcomeURL: base + l.personality.OutcomePath,
	})
}

func outcomeChoices() []choice {
	return []choice{
		{string(Fails500), "Database down", "500 with an HTML page."},
		{string(Maintenance), "Maintenance", "503 with an HTML page."},
		{string(HTMLPage), "Sign-in page", "200, but an HTML page instead of XML."},
		{string(Slow), "Slow", "Works, after 20 seconds."},
		{string(BadSignature), "Signature refused", "200, failure: Message signature not valid."},
		{string(Unauthorized), "Unauthorized", "401 without XML."},
		{string(Forbidden), "Firewall", "403 with an HTML page."},
		{string(Missing), "Address gone", "404 with an HTML page."},
		{string(Refuses), "Learner left the course", "200, failure."},
		{string(Refuses422), "Learner left the course, as Canvas says it", "422, failure with an error code."},
		{string(Unsupported), "No outcomes here", "200, unsupported."},
		{string(TooManyFault), "Too many requests", "429, try again in a second."},
		{string(Redirects), "Redirect", "302 to the front page."},
		{string(LosesAnswer), "Answer lost", "Stores the grade, then the line breaks."},
		{string(HalfAnswer), "Half an answer", "Stores the grade, the XML ends early."},
		{string(HangsUp), "Hangs up", "The line breaks before anything is stored."},
		{string(Processing), "Processing", "Stores the grade, says processing."},
	}
}

func (l *LMS) setBreak(w http.ResponseWriter, r *http.Request) {
	if !limited(w, r) {
		return
	}
	n, err := strconv.Atoi(r.PostFormValue("count"))
	if err != nil || n == 0 || n > 1_000_000 {
		n = -1
	}
	l.FailOutcomes(OutcomeFault(r.PostFormValue("fault")), n)
	l.back(w, r, "break")
}

// settingsPage shows what the LMS's administrator can set about the tool.
type settingsPage struct {
	Key, Secret string
	Links       []Link
}

func (l *LMS) showSettings(w http.ResponseWriter, r *http.Request) {
	key, secret := l.Credentials()
	l.render(w, r, http.StatusOK, "settings.html", "Tool settings", settingsPage{key, secret, l.Links()})
}

func (l *LMS) saveCredentials(w http.ResponseWriter, r *http.Request) {
	if !limited(w, r) {
		return
	}
	key, secret := strings.TrimSpace(r.PostFormValue("key")), strings.TrimSpace(r.PostFormValue("secret"))
	if key == "" || secret == "" {
		l.refuse(w, r, ErrOptions.With("key or secret is empty"))
		return
	}
	l.SetCredentials(key, secret)
	l.back(w, r, "settings")
}

func (l *LMS) addLink(w http.ResponseWriter, r *http.Request) {
	if !limited(w, r) {
		return
	}
	k := Link{
		ID:        fmt.Sprintf("added-%d", time.Now().UnixNano()),
		Title:     strings.TrimSpace(r.PostFormValue("title")),
		LaunchURL: strings.TrimSpace(r.PostFormValue("url")),
		Graded:    r.PostFormValue("graded") != "",
	}
	if k.Title == "" {
		k.Title = "Untitled activity"
	}
	if err := l.SetLinks(append(l.Links(), k)); err != nil {
		l.refuse(w, r, err)
		return
	}
	l.back(w, r, "settings")
}

func (l *LMS) removeLink(w http.ResponseWriter, r *http.Request) {
	if !limited(w, r) {
		return
	}
	links := slices.DeleteFunc(l.Links(), func(k Link) bool { return k.ID == r.PathValue("id") })
	if err := l.SetLinks(links); err != nil {
		l.refuse(w, r, err)
		return
	}
	l.back(w, r, "settings")
}
