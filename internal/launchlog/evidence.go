package launchlog

import (
	"encoding/json"
	"errors"
	"strings"

	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/lti/lti11"
	"lectern/internal/oauth1"
	"lectern/internal/store"
)

// Evidence is what the log keeps of a launch besides the columns of its row.
// The zero value is a launch of which nothing is known.
type Evidence struct {
	Served string   `json:"at,omitempty"` // address as we know it, without query
	Params []string `json:"p,omitempty"`  // "name=value"; a value that begins with • is masked
	More   int      `json:"n,omitempty"`  // parameters left out
	Query  []string `json:"q,omitempty"`  // names in the address's query

	Fallback oauth1.Fallback `json:"fb,omitempty"` // the leniency that was needed
	Secret   lti.SecretSlot  `json:"s,omitempty"`  // the secret that matched, when not the current one
	Warnings []string        `json:"w,omitempty"`  // what the standard asks for and the launch lacks

	// Of refusals.
	Learner string      `json:"l,omitempty"`  // what the learner read
	Do      string      `json:"d,omitempty"`  // what to change
	Clause  string      `json:"c,omitempty"`  // of the standard
	Signed  string      `json:"sa,omitempty"` // the address that was signed, when it is another
	Part    oauth1.Part `json:"sp,omitempty"` // what was signed otherwise
	How     string      `json:"sh,omitempty"` // in words
	Tried   bool        `json:"st,omitempty"` // a signature that does not match was looked into
}

// of returns the evidence that a message itself is.
func of(sent lti11.Sent, good bool) Evidence {
	e := Evidence{}
	if sent.Address.Host != "" {
		e.Served = short(sent.Address.BaseStringURI(), 400)
	}
	e.Params, e.More = parameters(sent.Form, good)
	for _, p := range sent.Query[:min(len(sent.Query), 10)] {
		e.Query = append(e.Query, short(p.Name, 40))
	}
	return e
}

// Proven fills in what a launch whose signature holds leaves in the log.
func Proven(row *store.LaunchEntry, v *lti11.Verified) {
	c := v.Launch.Consumer
	row.Verified, row.ConsumerID, row.ConsumerKey = true, c.ID, c.Key
	skew := v.Age
	row.Skew = &skew
	e := of(v.Sent(), true)
	e.Fallback, e.Warnings = v.Fallback, v.Warnings
	if v.Secret != lti.Current {
		e.Secret = v.Secret
	}
	row.Detail = strings.Join(e.notes(v), "; ")
	row.Evidence = e.text()
}

// notes are what operators should know of a launch that worked.
func (e *Evidence) notes(v *lti11.Verified) []string {
	var out []string
	if e.Fallback != oauth1.Strict {
		out = append(out, "signature matched by "+string(e.Fallback))
	}
	if v.Secret == lti.Previous {
		out = append(out, "signed with the previous secret")
	}
	return append(out, e.Warnings...)
}

// Refused fills in why a launch was refused. Call it after [Proven] where the
// signature holds.
func Refused(row *store.LaunchEntry, err error) {
	public := errs.From(err)
	row.Code = public.Code
	var r *lti11.Refusal
	found := errors.As(err, &r)
	e := Read(row.Evidence)
	if found && !row.Verified {
		e = of(r.Sent, false)
		if r.Consumer != nil {
			row.ConsumerID, row.ConsumerKey = r.Consumer.ID, r.Consumer.Key
		} else {
			row.ConsumerKey = short(value(r.Sent.Form, "oauth_consumer_key"), 255)
		}
	}
	e.Learner, e.Do, e.Clause = public.Public, public.Hint, public.Spec
	if found {
		row.Detail = r.Error()
		d := r.Diagnosis
		e.Signed, e.Part, e.How, e.Tried = short(d.Signed, 400), d.Part, short(d.String(), 400), r.Diagnosed
		if r.Advice != "" {
			e.Do = r.Advice
		}
	} else if detail := public.Unwrap(); detail != nil {
		row.Detail = detail.Error()
	}
	row.Detail = short(row.Detail, 1000)
	row.Cause = cause(row, r)
	row.Evidence = e.text()
}

// contentUnknown is a launch of content that the course does not have.
const contentUnknown = "launch_content_unknown"

// cause is what refusals that have one cure have in common.
func cause(row *store.LaunchEntry, r *lti11.Refusal) string {
	switch {
	case row.Code == contentUnknown:
		return short(row.UsageKey, 150)
	case r == nil:
		return ""
	case row.Code == lti11.ErrConsumerUnknown.Code:
		return short(row.ConsumerKey, 100)
	case row.Code == lti11.ErrTimestampExpired.Code:
		if row.Skew != nil && *row.Skew < 0 {
			return "ahead"
		}
		return "behind"
	case r.Diagnosis.Part == oauth1.PartParameter:
		return "parameter " + short(r.Diagnosis.Name, 60)
	case r.Diagnosis.Signed != "":
		origin := r.Diagnosis.Signed
		if a, err := oauth1.ParseAddress(origin); err == nil && r.Diagnosis.Part != oauth1.PartPath {
			origin = a.Scheme + "://" + a.Host
		}
		return string(r.Diagnosis.Part) + " " + short(origin, 150)
	case r.Diagnosis.Found():
		return string(r.Diagnosis.Part) + " " + short(r.Diagnosis.How, 100)
	case row.Code == lti11.ErrMissing.Code:
		return short(r.Why, 150)
	}
	return ""
}

func value(form []oauth1.Pair, name string) string {
	for _, p := range form {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// text is how evidence is stored.
func (e *Evidence) text() string {
	b, err := json.Marshal(e)
	if err != nil { // texts and numbers
		return ""
	}
	return string(b)
}

// Read returns the evidence that is stored as text; what cannot be read is no
// evidence.
func Read(text string) Evidence {
	var e Evidence
	if json.Unmarshal([]byte(text), &e) != nil {
		return Evidence{}
	}
	return e
}

// Param is a parameter as pages show it.
type Param struct {
	Name   string
	Value  string // what is known of it
	Masked bool   // Value says how long it is, not what
}

// Parameters returns the parameters that are kept.
func (e *Evidence) Parameters() []Param {
	list := make([]Param, 0, len(e.Params))
	for _, text := range e.Params {
		name, v, _ := strings.Cut(text, "=")
		rest, masked := strings.CutPrefix(v, "• ")
		list = append(list, Param{name, rest, masked})
	}
	return list
}
