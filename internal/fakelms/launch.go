package fakelms

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LaunchFault names a way in which a launch is made wrong on purpose. The empty
// fault is a good launch.
type LaunchFault string

// The faults a launch can have.
const (
	WrongSecret  LaunchFault = "wrong-secret"  // signed with another secret
	UnknownKey   LaunchFault = "unknown-key"   // a consumer key the tool never saw
	Stale        LaunchFault = "stale"         // signed an hour ago
	ClockBehind  LaunchFault = "clock-behind"  // the LMS's clock is 14 minutes slow
	ClockAhead   LaunchFault = "clock-ahead"   // the LMS's clock is 14 minutes fast
	Replay       LaunchFault = "replay"        // the last launch of this person and link, again
	MissingUser  LaunchFault = "missing-user"  // no user_id
	EmptyUser    LaunchFault = "empty-user"    // user_id without a value
	MissingRoles LaunchFault = "missing-roles" // no roles
	Tampered     LaunchFault = "tampered"      // roles changed after signing
	RepeatedUser LaunchFault = "repeated-user" // user_id twice, signed
	NoOutcome    LaunchFault = "no-outcome"    // nowhere to send a score
	WrongMessage LaunchFault = "wrong-message" // a message type no tool knows
)

// Form is a launch ready to be posted: the tool's address and the parameters in
// the order in which the LMS writes them.
type Form struct {
	URL   string
	Pairs []Pair

	personality Personality
}

// Values returns the parameters without their order.
func (f Form) Values() url.Values {
	v := url.Values{}
	for _, p := range f.Pairs {
		v.Add(p.Name, p.Value)
	}
	return v
}

// Get returns the first value of a parameter, or "".
func (f Form) Get(name string) string {
	for _, p := range f.Pairs {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// Body returns the form as the LMS's own HTTP client would send it, in the
// personality's spelling. Browsers spell it their own way.
func (f Form) Body() string {
	var out strings.Builder
	for i, p := range f.Pairs {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(f.personality.spell(p.Name) + "=" + f.personality.spell(p.Value))
	}
	return out.String()
}

// Launch returns a signed launch of link by user. It fails with [ErrLaunch].
func (l *LMS) Launch(user, link string) (Form, error) { return l.LaunchWith(user, link, "") }

// LaunchWith returns a launch of link by user that has the fault.
func (l *LMS) LaunchWith(user, link string, fault LaunchFault) (Form, error) {
	return l.launch(user, link, fault, "iframe")
}

func (l *LMS) launch(user, link string, fault LaunchFault, target string) (Form, error) {
	u, ok := l.user(user)
	k, found := l.link(link)
	if !ok || !found {
		return Form{}, ErrLaunch.With("user %q, link %q", user, link)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	last, launched := l.launches[u.Name+" "+k.ID]
	if fault == Replay && launched {
		return last, nil
	}
	l.serial++
	form := Form{URL: k.LaunchURL, personality: l.personality}
	pairs := l.parameters(u, k, target)
	pairs = spoil(pairs, fault)
	form.Pairs = l.sign(pairs, k.LaunchURL, fault)
	l.launches[u.Name+" "+k.ID] = form
	return form, nil
}

// spoil applies the faults that happen before signing.
func spoil(pairs []Pair, fault LaunchFault) []Pair {
	without := func(names ...string) []Pair {
		return slices.DeleteFunc(pairs, func(p Pair) bool { return slices.Contains(names, p.Name) })
	}
	set := func(name, value string) []Pair {
		return append(without(name), Pair{name, value})
	}
	switch fault {
	case MissingUser:
		return without("user_id")
	case EmptyUser:
		return set("user_id", "")
	case MissingRoles:
		return without("roles")
	case RepeatedUser:
		return append(pairs, Pair{"user_id", "somebody-else"})
	case NoOutcome:
		return without("lis_outcome_service_url", "lis_result_sourcedid")
	case WrongMessage:
		return set("lti_message_type", "basic-lti-dance-request")
	}
	return pairs
}

// sign adds the OAuth parameters and puts everything into the personality's
// order. Faults of clock, key and secret happen here.
func (l *LMS) sign(pairs []Pair, launchURL string, fault LaunchFault) []Pair {
	p := l.personality
	key, secret, at := l.key, l.secret, l.now()
	switch fault {
	case WrongSecret:
		secret += "-mistyped"
	case UnknownKey:
		key = "no-such-key"
	case Stale:
		at = at.Add(-time.Hour)
	case ClockBehind:
		at = at.Add(-14 * time.Minute)
	case ClockAhead:
		at = at.Add(14 * time.Minute)
	}
	pairs = append(pairs,
		Pair{"oauth_version", "1.0"},
		Pair{"oauth_nonce", p.nonce(l.serial, at)},
		Pair{"oauth_timestamp", strconv.FormatInt(at.Unix(), 10)},
		Pair{"oauth_consumer_key", key},
		Pair{"oauth_signature_method", p.SignatureMethod},
	)
	if p.Callback {
		pairs = append(pairs, Pair{"oauth_callback", "about:blank"})
	}
	target, err := splitURL(launchURL)
	if err != nil { // SetLinks checked it
		return pairs
	}
	query := parsePairs(target.query)
	signed := slices.Concat(pairs, query)
	if p.QueryInBody {
		pairs = slices.Clone(signed) // Canvas copies the query into the form and counts it once
	}
	pairs = append(p.arrange(pairs),
		Pair{"oauth_signature", signature(p.SignatureMethod, "POST", target, signed, secret)})
	if fault == Tampered {
		for i := range pairs {
			if pairs[i].Name == "roles" {
				pairs[i].Value = "Instructor"
			}
		}
	}
	return pairs
}
