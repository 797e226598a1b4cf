package account

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"lectern/internal/lti"
)

// Bounds on what a launch may say of a person, in bytes and characters.
const (
	maxAddress = 254 // [RFC 5321 §4.5.3.1.3]
	maxName    = 255
	maxUser    = 150 // characters of a user name
	sameMost   = 20  // accounts with one address that are looked at
)

// FullName returns the name that a launch gives a person, as Open edX puts it
// together: the full name, else the given name with the family name behind it.
// A family name alone is no name.
func FullName(u lti.User) string {
	switch {
	case u.FullName != "":
		return u.FullName
	case u.GivenName != "":
		return strings.TrimSpace(u.GivenName + " " + u.FamilyName)
	}
	return ""
}

// storedName is FullName without what has no place in a name.
func storedName(u lti.User) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(FullName(u), ""))
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	return strings.TrimSpace(name)
}

// storedAddress returns an address in lower case, or "" when it is none.
func storedAddress(email string) string {
	email = strings.ToLower(strings.TrimSpace(email))
	at := strings.LastIndexByte(email, '@')
	bad := func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == utf8.RuneError }
	if at < 1 || at == len(email)-1 || len(email) > maxAddress || strings.ContainsFunc(email, bad) {
		return ""
	}
	return email
}

// SameAddress reports whether two e-mail addresses are the same, ignoring case.
// No address is the same as nothing.
func SameAddress(a, b string) bool {
	a, b = strings.ToLower(strings.TrimSpace(a)), strings.ToLower(strings.TrimSpace(b))
	return a != "" && a == b
}

// MaskAddress returns an address as it may be shown to somebody who is not
// known to own it: "a•••@school.example".
func MaskAddress(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 1 {
		return "•••"
	}
	first, _ := utf8.DecodeRuneInString(email)
	return string(first) + "•••" + email[at:]
}

func (r *Resolver) generatedAddress(username string) string {
	return username + "@" + r.EmailDomain
}

// wishes returns the LMS's user ID when it can be a user name here. It must not
// pass for somebody else: for the first administrator, or as the address that
// another account may sign in with.
func (r *Resolver) wishes(ctx context.Context, dir Directory, ltiUserID string) ([]string, error) {
	if !ValidUsername(ltiUserID) || strings.EqualFold(ltiUserID, "admin") {
		return nil, nil
	}
	if same, err := dir.ByEmail(ctx, strings.ToLower(ltiUserID), 1); err != nil || len(same) > 0 {
		return nil, err
	}
	return []string{ltiUserID}, nil
}

// ValidUsername reports whether name can be a user name: 1 to 150 letters,
// digits or the characters @ . + - _ .
func ValidUsername(name string) bool {
	if name == "" || len(name) > maxUser {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("@.+-_", r)
	})
}

// trusted returns the account that the launch's address leads to, or nil. An
// address is a claim of the LMS, so this needs an operator who trusts the
// consumer with the address's domain; an account that nobody can sign in to and
// that may do nothing special; and that everybody else who leads people into it
// is trusted with the domain as well.
func (r *Resolver) trusted(
	ctx context.Context, dir Directory, consumers Consumers, launch *lti.Launch,
) (*Account, error) {
	email := storedAddress(launch.User.Email)
	if email == "" || !launch.Consumer.Trusts(email) {
		return nil, nil
	}
	same, err := dir.ByEmail(ctx, email, sameMost)
	if err != nil {
		return nil, err
	}
	var found *Account
	for _, a := range same {
		signsIn, err := dir.SignsIn(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		if a.Kind == Local && !a.Enabled {
			return nil, ErrDisabled // a second account would let back in whom an operator shut out
		}
		if signsIn || a.HasRights() || a.Kind == Anonymous {
			return nil, nil // the address is somebody's who has to say so
		}
		ok, err := r.linkable(ctx, dir, consumers, launch.Consumer.ID, email, a)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if found != nil {
			return nil, nil // which of the two is a guess
		}
		found = a
	}
	return found, nil
}

// linkable reports whether all who lead people into a may say whose email is,
// and whether none of them is this consumer: its learners are different people.
func (r *Resolver) linkable(
	ctx context.Context, dir Directory, consumers Consumers, consumerID, email string, a *Account,
) (bool, error) {
	links, err := dir.Links(ctx, a.ID)
	if err != nil {
		return false, err
	}
	if len(links) == 0 && a.Kind == FromLMS {
		return false, nil // its LMS is gone, and with it who could vouch for it
	}
	for _, l := range links {
		if l.ConsumerID == consumerID {
			return false, nil
		}
		if l.Proven() {
			continue
		}
		maker, err := consumers.ByID(ctx, l.ConsumerID)
		if errors.Is(err, r.Absent) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if !maker.Trusts(email) {
			return false, nil
		}
	}
	return true, nil
}

// refreshPII takes over the name and address that the LMS sends now. What it
// does not send any more stays.
func (r *Resolver) refreshPII(ctx context.Context, dir Directory, launch *lti.Launch, a *Account) error {
	links, err := dir.Links(ctx, a.ID)
	if err != nil || len(links) != 1 {
		return err // another LMS has a say in this account too
	}
	changed := *a
	if email := storedAddress(launch.User.Email); email != "" {
		changed.Email = email
	}
	if name := storedName(launch.User); name != "" {
		changed.Name = name
	}
	if changed == *a {
		return nil
	}
	if signsIn, err := dir.SignsIn(ctx, a.ID); err != nil || signsIn {
		return err // it is theirs now
	}
	*a = changed
	return dir.Update(ctx, a)
}
