package tool

import (
	"slices"
	"strings"
	"time"

	"lectern/internal/oauth1"
)

// Learner is who opens the tool. Empty fields are not sent.
type Learner struct {
	ID       string // opaque
	Teacher  bool
	UserName string
	FullName string
	Email    string
	Locale   string // BCP 47
}

// Place is where in the course the tool is.
type Place struct {
	Link    string // names the block for ever
	Name    string
	Course  string // key
	Title   string // of the course
	Due     *time.Time
	BackURL string
}

// ours are the parameters that a block cannot replace by one of its own.
var ours = [...]string{"lti_message_type", "lti_version", "user_id", "roles", "resource_link_id", "context_id"}

// standard begins the names that LTI knows; others get the prefix custom_
// [LTI 1.1 §3].
var standard = [...]string{
	"lis_person_", "lis_course_", "tool_consumer_", "launch_presentation_", "resource_link_", "context_", "custom_", "role_scope_mentor",
}

// Launch returns the form that opens the tool, signed with the course's key. It
// is good for the few minutes that tools accept a timestamp.
func (t *Tool) Launch(signer oauth1.Signer, who Learner, at Place) ([]oauth1.Pair, error) {
	var form []oauth1.Pair
	set := func(name, value string) {
		form = slices.DeleteFunc(form, func(p oauth1.Pair) bool { return p.Name == name })
		if value != "" {
			form = append(form, oauth1.Pair{Name: name, Value: value})
		}
	}
	role, target := "Student,Learner", "iframe"
	if who.Teacher {
		role = "Instructor"
	}
	if t.Window {
		target = "window"
	}
	set("lti_message_type", "basic-lti-launch-request")
	set("lti_version", "LTI-1p0")
	set("oauth_callback", "about:blank")
	set("user_id", who.ID)
	set("roles", role)
	set("resource_link_id", at.Link)
	set("resource_link_title", at.Name)
	set("context_id", at.Course)
	set("context_title", at.Title)
	set("launch_presentation_locale", who.Locale)
	set("launch_presentation_document_target", target)
	set("launch_presentation_return_url", at.BackURL)
	set("custom_component_display_name", at.Name)
	if at.Due != nil {
		set("custom_component_due_date", at.Due.UTC().Format("2006-01-02T15:04:05+00:00"))
	}
	if t.AskName {
		set("lis_person_sourcedid", who.UserName)
	}
	if t.AskFullName {
		set("lis_person_name_full", who.FullName)
	}
	if t.AskEmail {
		set("lis_person_contact_email_primary", who.Email)
	}
	for _, c := range t.Custom {
		if name := t.parameter(c.Name); name != "" {
			set(name, c.Value)
		}
	}
	return signer.Form(t.Address, form)
}

// parameter returns the name that a parameter of the block is sent under; "" for
// one that would speak in our name.
func (t *Tool) parameter(name string) string {
	switch {
	case slices.Contains(ours[:], name) || strings.HasPrefix(name, "oauth_") || strings.HasPrefix(name, "lis_person_") || strings.HasPrefix(name, "lis_outcome") || name == "lis_result_sourcedid":
		return ""
	case slices.ContainsFunc(standard[:], func(prefix string) bool { return strings.HasPrefix(name, prefix) }):
		return name
	}
	return "custom_" + name
}
