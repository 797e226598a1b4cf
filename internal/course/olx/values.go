package olx

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// metadata is the own attributes of a block, each as the text of its value.
type metadata map[string]string

// null is the text of a value that is given as JSON null: the field is set, to
// nothing, which stops inheritance. XML cannot hold this character.
const null = "\x00"

// attributeText decodes an attribute as Open edX does for a field of text: a
// JSON string stands for its content, other text for itself.
func attributeText(s string) string {
	switch {
	case s == "null":
		return null
	case strings.HasPrefix(s, `"`):
		var text string
		if json.Unmarshal([]byte(s), &text) == nil {
			return strings.ReplaceAll(text, null, "")
		}
	}
	return s
}

// policyText decodes a value of a policy file.
func policyText(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] != '"' && !bytes.Equal(raw, []byte("null")) {
		var b bytes.Buffer
		if json.Compact(&b, raw) == nil {
			return b.String()
		}
	}
	return attributeText(string(raw))
}

// text returns a field, "" when it is not set or null.
func (m metadata) text(name string) string {
	if v := m[name]; v != null {
		return v
	}
	return ""
}

// bool reads a field as Open edX does: "true" in any case, or a JSON value that
// Python takes for true.
func (m metadata) bool(name string) bool {
	s := m.text(name)
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return n != 0
	}
	return strings.EqualFold(s, "true")
}

// integer reads a whole number; nil when it is not one.
func (m metadata) integer(name string) *int {
	f := m.float(name)
	if f == nil || math.Abs(*f) > math.MaxInt32 {
		return nil
	}
	n := int(*f)
	return &n
}

// float reads a finite number; nil when it is not one.
func (m metadata) float(name string) *float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(m.text(name)), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}

// dateLayouts are the forms of dates in courses, the usual ones first. Without a
// zone they are UTC.
var dateLayouts = [...]string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02T15:04Z07:00",
	"2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05.999999999",
	"2006-01-02 15:04:05 MST", "2006-01-02 15:04", "2006-01-02", "2006-01", "January 2, 2006", "January 2 2006 15:04",
	"Jan 2, 2006", "January 2, 2006 15:04", "Mon, 02 Jan 2006 15:04:05 MST",
}

// date reads a moment; it reports false when there is text that is none. A
// number is milliseconds since 1970.
func date(s string) (*time.Time, bool) {
	s = strings.TrimSpace(s)
	if s == "" || s == null {
		return nil, true
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			t = t.UTC()
			return &t, true
		}
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && ms > 9999 {
		t := time.UnixMilli(ms).UTC()
		return &t, t.Year() < 10000
	}
	return nil, false
}

// timedelta is how Studio writes a length of time, every part optional.
var timedelta = regexp.MustCompile(
	`^(?:(\d+) days?)?\s?(?:(\d+) hours?)?\s?(?:(\d+) minutes?)?\s?(?:(\d+) seconds?)?$`)

// clock is the other way: a RelativeTime, HH:MM:SS.
var clock = regexp.MustCompile(`^(\d{1,2}):(\d{1,2}):(\d{1,2})$`)

// duration reads a Timedelta or a RelativeTime; it reports false when there is
// text that is neither. A bare number is seconds.
func duration(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" || s == null {
		return 0, true
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if !(f >= 0 && f < 1e9) {
			return 0, false
		}
		return time.Duration(f * float64(time.Second)), true
	}
	units := [...]time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second}
	parts, scale := timedelta.FindStringSubmatch(s), units[:]
	if parts == nil {
		parts, scale = clock.FindStringSubmatch(s), units[1:]
	}
	if parts == nil {
		return 0, false
	}
	var d time.Duration
	for i, part := range parts[1:] {
		if part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil || n > 1e6 {
			return 0, false
		}
		d += time.Duration(n) * scale[i]
	}
	return d, true
}

// groupAccess reads the group_access field: partition → groups. It reports
// false when there is text that is no such thing.
func groupAccess(s string) (map[int][]int, bool) {
	if s == "" || s == null {
		return nil, true
	}
	var raw map[string][]int
	if json.Unmarshal([]byte(s), &raw) != nil {
		return nil, false
	}
	out := map[int][]int{}
	for k, groups := range raw {
		id, err := strconv.Atoi(k)
		if err != nil {
			return nil, false
		}
		if len(groups) > 0 {
			out[id] = groups
		}
	}
	if len(out) == 0 {
		return nil, true
	}
	return out, true
}
