package launchlog

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"lectern/internal/oauth1"
)

// Bounds of what is kept of a message.
const (
	maxValue  = 120  // bytes of one value
	maxName   = 80   // bytes of one name
	maxParams = 1400 // bytes of all of them
	maxGood   = 700  // the same, of a launch that worked: there are many
)

// shown reports whether the value of a parameter tells nothing about a person
// and opens nothing.
func shown(name string) bool {
	switch name {
	case "lti_version", "lti_message_type", "resource_link_id", "context_id", "context_type", "roles", "lis_outcome_service_url":
		return true
	case "oauth_signature", "oauth_token", "tool_consumer_instance_contact_email":
		return false
	}
	for _, prefix := range []string{"oauth_", "tool_consumer_", "launch_presentation_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// keep returns a parameter as "name=value" for the log.
func keep(p oauth1.Pair) string {
	name := short(p.Name, maxName)
	switch {
	case p.Value == "":
		return name + "="
	case variable(p.Value):
		return name + "=" + short(p.Value, maxValue) // the LMS knows no value
	case shown(p.Name):
		return name + "=" + short(withoutQuery(p.Name, p.Value), maxValue)
	}
	return name + "=" + hidden(p.Name, p.Value)
}

// variable reports whether a value is a custom variable that the LMS left as it
// is, such as $Person.name.full.
func variable(value string) bool {
	return strings.HasPrefix(value, "$") && len(value) < 64 && !strings.ContainsFunc(value, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("$.{}", r)
	})
}

// hidden says how long a masked value is and, where it helps to tell two
// apart, how it begins and ends.
func hidden(name, value string) string {
	n := utf8.RuneCountInString(value)
	unit := "characters"
	if n == 1 {
		unit = "character"
	}
	if n < 8 || !strings.HasPrefix(name, "user_id") && !strings.HasPrefix(name, "lis_person") {
		return fmt.Sprintf("• %d %s", n, unit)
	}
	first, _ := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	return fmt.Sprintf("• %c…%c, %d %s", first, last, n, unit)
}

// withoutQuery cuts what addresses carry behind their path: LMSs put keys of
// sessions there.
func withoutQuery(name, value string) string {
	if !strings.HasSuffix(name, "_url") {
		return value
	}
	u, err := url.Parse(value)
	if err != nil || u.User != nil {
		return "• an address that cannot be read"
	}
	before, _, cut := strings.Cut(value, "?")
	if cut {
		return before + "?…"
	}
	return value
}

func short(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}

// dull reports whether a parameter explains nothing about a launch that worked.
func dull(name string) bool {
	switch name {
	case "tool_consumer_instance_name", "tool_consumer_instance_description", "tool_consumer_instance_url",
		"tool_consumer_info_version", "launch_presentation_width", "launch_presentation_height", "context_type":
		return true
	}
	return strings.HasPrefix(name, "oauth_")
}

// parameters returns what is kept of a form: first what is shown, then what is
// masked, and how many more there are. Of a good launch that is less.
func parameters(form []oauth1.Pair, good bool) (list []string, more int) {
	list = make([]string, 0, len(form))
	most := maxParams
	if good {
		most = maxGood
	}
	size := 0
	for _, wanted := range []bool{true, false} {
		for _, p := range form {
			if shown(p.Name) != wanted {
				continue
			}
			if size > most || good && dull(p.Name) {
				more++
				continue
			}
			text := keep(p)
			size += len(text) + 3
			list = append(list, text)
		}
	}
	return list, more
}
