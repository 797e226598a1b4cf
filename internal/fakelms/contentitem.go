package fakelms

import (
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"lectern/internal/errs"
)

// returnPath is where tools post what a teacher chose.
const returnPath = "/select/return"

// ErrSelection means that what a tool sent as chosen content cannot be used.
var ErrSelection = errs.New(errs.Invalid, "fakelms_selection_invalid", "",
	"The tool sent something that is not a choice of content.",
	"The answer must be signed with the LMS's key and secret and echo its data.")

// SelectForm returns a signed request for content by user, a teacher
// [LTI 1.1 Content-Item §3.1]. It fails with [ErrLaunch].
func (l *LMS) SelectForm(user string) (Form, error) {
	u, ok := l.user(user)
	if !ok || l.selectURL == "" {
		return Form{}, ErrLaunch.With("user %q, selection at %q", user, l.selectURL)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serial++
	p := l.personality
	pairs := []Pair{
		{"lti_message_type", "ContentItemSelectionRequest"},
		{"lti_version", "LTI-1p0"},
		{"user_id", l.userID(u)},
		{"roles", p.roles(u)},
		{"context_id", l.contextID()},
		{"accept_media_types", "application/vnd.ims.lti.v1.ltilink"},
		{"accept_presentation_document_targets", "frame,iframe,window"},
		{"accept_multiple", fmt.Sprint(!p.OneItem)},
		{"accept_copy_advice", "false"},
		{"accept_unsigned", "false"},
		{"auto_create", fmt.Sprint(p.AutoCreate)},
		{"can_confirm", "false"},
		{"content_item_return_url", l.base + returnPath + p.returnQuery()},
		{"title", "Lectern"},
		{"text", ""},
	}
	if p.ItemData {
		pairs = append(pairs, Pair{"data", l.itemData()})
	}
	if !p.Terse {
		pairs = append(pairs, Pair{"context_title", courseTitle}, Pair{"context_label", "LIGHT-1"}, Pair{"context_type", "CourseSection"})
	}
	pairs = append(pairs, p.person(u)...)
	pairs = append(pairs, p.instance(l.base, l.name)...)
	return Form{URL: l.selectURL, Pairs: l.sign(pairs, l.selectURL, ""), personality: p}, nil
}

func (p Personality) returnQuery() string {
	if p.Return == 0 {
		return "?course=2&sesskey=" + hex.EncodeToString(p.digest("sesskey")[:5])
	}
	return ""
}

// itemData is opaque to the tool, with all that forms like to spoil.
func (l *LMS) itemData() string {
	return "a+b/=&é \"" + hex.EncodeToString(l.personality.digest("data")[:8])
}

// contentItems is what a tool sends [LTI 1.1 Content-Item §3.2].
type contentItems struct {
	Graph []struct {
		Type      string    `json:"@type"`
		MediaType string    `json:"mediaType"`
		URL       string    `json:"url"`
		Title     string    `json:"title"`
		LineItem  *struct{} `json:"lineItem"`
	} `json:"@graph"`
}

// selectPage says what came of choosing content.
type selectPage struct {
	Added    []Link
	Messages []Pair
}

// take checks what a tool sent and adds its links to the course.
func (l *LMS) take(r *http.Request, body string) (selectPage, error) {
	pairs := parsePairs(body)
	form := Form{Pairs: pairs}
	if err := l.checkForm(r, pairs); err != nil {
		return selectPage{}, ErrSelection.Wrap(err)
	}
	if form.Get("lti_message_type") != "ContentItemSelection" || form.Get("lti_version") != "LTI-1p0" {
		return selectPage{}, ErrSelection.With("message type %.100q", form.Get("lti_message_type"))
	}
	if want := l.itemData(); l.personality.ItemData && form.Get("data") != want {
		return selectPage{}, ErrSelection.With("data %.100q, want %q", form.Get("data"), want)
	}
	var p selectPage
	for _, name := range []string{"lti_msg", "lti_errormsg", "lti_errorlog"} {
		if text := form.Get(name); text != "" {
			p.Messages = append(p.Messages, Pair{name, text})
		}
	}
	var items contentItems
	if text := form.Get("content_items"); text != "" {
		if err := json.Unmarshal([]byte(text), &items); err != nil {
			return selectPage{}, ErrSelection.Wrap(err)
		}
	}
	if len(items.Graph) > 1 && l.personality.OneItem {
		return selectPage{}, ErrSelection.With("%d items where one was asked for", len(items.Graph))
	}
	for _, it := range items.Graph {
		if it.Type != "LtiLinkItem" || it.MediaType != "application/vnd.ims.lti.v1.ltilink" {
			return selectPage{}, ErrSelection.With("item of type %.50q, %.50q", it.Type, it.MediaType)
		}
		l.mu.Lock()
		l.serial++
		id := fmt.Sprintf("picked-%d", l.serial)
		l.mu.Unlock()
		p.Added = append(p.Added, Link{ID: id, Title: it.Title, LaunchURL: it.URL, Graded: it.LineItem != nil})
	}
	return p, l.SetLinks(append(l.Links(), p.Added...))
}

// checkForm verifies a signed form that a browser brought [OAuth1 §3.4.1.3].
func (l *LMS) checkForm(r *http.Request, pairs []Pair) error {
	key, secret := l.Credentials()
	form := Form{Pairs: pairs}
	if form.Get("oauth_consumer_key") != key {
		return signatureError{"unknown consumer key"}
	}
	target, err := splitURL(l.BaseURL() + r.RequestURI)
	if err != nil {
		return signatureError{err.Error()}
	}
	signed := slices.DeleteFunc(slices.Clone(pairs), func(p Pair) bool { return p.Name == "oauth_signature" })
	want := signature(form.Get("oauth_signature_method"), r.Method, target, append(signed, parsePairs(target.query)...), secret)
	if !hmac.Equal([]byte(want), []byte(form.Get("oauth_signature"))) {
		return signatureError{"signature differs"}
	}
	return l.checkFresh(form.Get("oauth_timestamp"), form.Get("oauth_nonce"))
}

func (l *LMS) showSelect(w http.ResponseWriter, r *http.Request) {
	if u := l.person(r); !u.Teacher || l.selectURL == "" {
		l.refuse(w, r, ErrLaunch.With("%s does not choose content", u.Name))
		return
	}
	l.render(w, r, http.StatusOK, "select.html", "Select content", nil)
}

// selectForm is the page inside the frame that posts itself to the tool.
func (l *LMS) selectForm(w http.ResponseWriter, r *http.Request) {
	form, err := l.SelectForm(l.person(r).Name)
	if err != nil {
		l.refuse(w, r, err)
		return
	}
	l.render(w, r, http.StatusOK, "launch.html", "Opening", form)
}

// takeSelection is where the tool's form arrives, inside the frame.
func (l *LMS) takeSelection(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		l.refuse(w, r, ErrSelection.With("no form"))
		return
	}
	p, err := l.take(r, string(body))
	if err != nil {
		l.refuse(w, r, err)
		return
	}
	l.render(w, r, http.StatusOK, "selected.html", "Content added", p)
}
