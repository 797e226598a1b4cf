package tool

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"lectern/internal/errs"
)

var (
	// ErrContent means that a block cannot be used as it is written.
	ErrContent = errs.New(errs.Invalid, "tool_content_invalid", "",
		"This part of the course opens a tool whose address is missing. Please tell your course team.",
		"The block's launch address or parameters cannot be used; the detail says why. Correct them in Studio and import the course again.")
	// ErrVersion means that a block is for a version of LTI that is not spoken.
	ErrVersion = errs.New(errs.Invalid, "tool_version_unsupported", "",
		"This part of the course opens a tool in a way that this site does not know yet.",
		"The block is set to LTI 1.3, or takes its settings from elsewhere. Only LTI 1.1 tools with their settings in the course can be opened.")
	// ErrKey means that the course has no key for the tool.
	ErrKey = errs.New(errs.Invalid, "tool_key_missing", "",
		"This part of the course opens a tool that is not set up yet. Please tell your course team.",
		"The course's advanced settings (LTI Passports) have no line id:key:secret for the block's LTI ID. Add it in Studio and import the course again.")
)

// Tool is a block as its authors wrote it.
type Tool struct {
	Address     string // http or https
	ID          string // names the course's key for it
	Custom      []Custom
	Window      bool   // open in a window of its own, else in a frame
	Height      int    // of the frame, in pixels
	Button      string // "" for the usual words
	Description string // HTML
	Hidden      bool   // nothing can be opened
	AskName     bool   // wants the learner's user name
	AskFullName bool
	AskEmail    bool
}

// Custom is a parameter that the block adds.
type Custom struct{ Name, Value string }

// Bounds of a block.
const (
	maxCustom     = 100
	defaultHeight = 800 // pixels
	leastHeight   = 150
	mostHeight    = 2000
)

// Parse reads the fields of a block of type lti or lti_consumer. Its errors are
// [ErrContent] and [ErrVersion].
func Parse(typ string, fields map[string]string) (*Tool, error) {
	switch version := fields["lti_version"]; {
	case version != "" && version != "lti_1p1":
		return nil, ErrVersion.With("the block uses %.40q; only LTI 1.1 tools can be opened", version)
	case fields["config_type"] != "" && fields["config_type"] != "new":
		return nil, ErrVersion.With("the block's settings are not part of the course (config_type %.40q)", fields["config_type"])
	}
	t := &Tool{
		Address: strings.TrimSpace(fields["launch_url"]), ID: strings.TrimSpace(fields["lti_id"]),
		Button: strings.TrimSpace(fields["button_text"]), Description: fields["description"],
		Hidden: truth(fields["hide_launch"]), AskName: truth(fields["ask_to_send_username"]),
		AskFullName: truth(fields["ask_to_send_full_name"]), AskEmail: truth(fields["ask_to_send_email"]),
		Height: defaultHeight,
	}
	if n, err := strconv.Atoi(strings.TrimSpace(fields["inline_height"])); err == nil {
		t.Height = min(max(n, leastHeight), mostHeight)
	}
	if typ == "lti" {
		inPage, given := fields["open_in_a_new_page"]
		t.Window = !given || truth(inPage)
	} else {
		target := fields["launch_target"]
		t.Window = target == "new_window" || target == "modal"
	}
	if t.Hidden {
		return t, nil
	}
	u, err := url.Parse(t.Address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return nil, ErrContent.With("launch_url %.200q is no web address", t.Address)
	}
	t.Custom, err = custom(fields["custom_parameters"])
	return t, err
}

func truth(s string) bool { return strings.EqualFold(s, "true") || s == "1" }

// custom reads a list of texts name=value.
func custom(text string) ([]Custom, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var list []string
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, ErrContent.With("custom_parameters are no list: %v", err)
	}
	if len(list) > maxCustom {
		return nil, ErrContent.With("there are %d custom_parameters", len(list))
	}
	var out []Custom
	for _, pair := range list {
		name, value, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return nil, ErrContent.With("custom parameter %.100q is no name=value", pair)
		}
		out = append(out, Custom{name, strings.TrimSpace(value)})
	}
	return out, nil
}

// Key finds the key and secret for an LTI ID among a course's passports: a list
// of texts id:key:secret, as JSON. Its error is [ErrKey], which never holds a
// secret.
func Key(passports, id string) (key, secret string, err error) {
	var list []string
	_ = json.Unmarshal([]byte(passports), &list) // what is no list has no key
	for _, p := range list {
		parts := strings.SplitN(p, ":", 3)
		if len(parts) == 3 && strings.TrimSpace(parts[0]) == id && id != "" {
			key, secret = strings.TrimSpace(parts[1]), strings.TrimSpace(parts[2])
			if key != "" && secret != "" {
				return key, secret, nil
			}
		}
	}
	return "", "", ErrKey.With("no passport for LTI ID %.80q", id)
}
