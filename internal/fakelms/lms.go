package fakelms

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"lectern/internal/errs"
)

// The failures of an LMS that callers can act on.
var (
	// ErrOptions means the LMS cannot be made from its options.
	ErrOptions = errs.New(errs.Invalid, "fakelms_options_invalid", "",
		"The sample LMS cannot start with these settings.",
		"Give a consumer key and a secret, and links with an id and an absolute launch address.")
	// ErrLaunch means there is no such learner or link.
	ErrLaunch = errs.New(errs.NotFound, "fakelms_launch_unknown", "",
		"There is no such person or link in this course.",
		"Choose a person from the top bar and a link from the course page.")
)

// Options is what a new LMS needs. Key and Secret are required.
type Options struct {
	// Seed chooses the personality. Seed 0 behaves like Moodle.
	Seed uint64
	// Personality, when set, is used instead of the one drawn from Seed.
	Personality *Personality
	// ConsumerName is what the LMS calls itself; empty means "Sample LMS".
	ConsumerName string
	// Key and Secret are the consumer credentials held by tool and LMS.
	Key, Secret string
	// BaseURL is the address of the LMS, such as http://127.0.0.1:8090. Empty
	// means: as the first request addressed it. [LMS.SetBaseURL] sets it later.
	BaseURL string
	// OutcomeBaseURL is the address under which the tool reaches the outcome
	// service, when that is another than the browsers' BaseURL.
	OutcomeBaseURL string
	// SelectURL is the tool's address for choosing content; empty: teachers
	// cannot choose.
	SelectURL string
	// Prefix stands before every id of a person, course or link.
	Prefix string
	// Extra goes along with every launch.
	Extra []Pair
	// Links are the activities of the course.
	Links []Link
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Link is one activity of the LMS's course: an address at the tool.
type Link struct {
	ID        string `json:"id"`         // unique, used in addresses of the LMS
	Title     string `json:"title"`      // what learners click
	LaunchURL string `json:"launch_url"` // absolute address of the tool's content
	Graded    bool   `json:"graded"`     // whether the LMS takes a score for it
}

// User is a person known to the LMS.
type User struct {
	Name    string // login name, as in ?as=ana
	Given   string
	Family  string
	Teacher bool
}

// FullName returns given and family name.
func (u User) FullName() string { return u.Given + " " + u.Family }

// Email returns the address the LMS gives out for u.
func (u User) Email() string { return u.Name + "@school.example" }

// LMS is a running sample LMS. It is an [http.Handler] and safe for concurrent
// use.
type LMS struct {
	personality Personality
	name        string
	now         func() time.Time
	outcomeBase string // empty: as base
	prefix      string // of ids
	extra       []Pair
	selectURL   string
	private     []byte // signs sourcedids; only the LMS knows it
	users       []User
	pages       http.Handler

	mu       sync.Mutex
	base     string
	key      string
	secret   string
	links    []Link
	launches map[string]Form // newest launch by user and link, for replays
	serial   uint64          // counts launches, feeds nonces and launch ids
	book     *gradebook
	fault    outcomeFault
	nonces   map[string]time.Time
}

// New returns an LMS. It fails with [ErrOptions].
func New(o Options) (*LMS, error) {
	if o.Key == "" || o.Secret == "" {
		return nil, ErrOptions.With("key or secret is empty")
	}
	if _, err := splitURL(o.SelectURL); o.SelectURL != "" && err != nil {
		return nil, ErrOptions.With("address for choosing content: %w", err)
	}
	l := &LMS{
		name:     o.ConsumerName,
		now:      o.Now,
		users:    people(),
		base:     strings.TrimSuffix(o.BaseURL, "/"),
		key:      o.Key,
		secret:   o.Secret,
		launches: map[string]Form{},
		book:     newGradebook(),
		nonces:   map[string]time.Time{},

		selectURL:   o.SelectURL,
		outcomeBase: strings.TrimSuffix(o.OutcomeBaseURL, "/"),
		prefix:      o.Prefix,
		extra:       slices.Clone(o.Extra),
	}
	if l.name == "" {
		l.name = "Sample LMS"
	}
	if l.now == nil {
		l.now = time.Now
	}
	if o.Personality != nil {
		l.personality = *o.Personality
	} else {
		l.personality = Draw(o.Seed)
	}
	// Made from seed and secret, so that a score owed from before a restart of
	// the LMS still finds its cell.
	l.private = l.personality.digest("sourcedid" + o.Secret)
	if err := l.SetLinks(o.Links); err != nil {
		return nil, err
	}
	l.pages = l.routes()
	return l, nil
}

// people are the fixed inhabitants of the LMS.
func people() []User {
	return []User{
		{Name: "ana", Given: "Ana", Family: "Learner"},
		{Name: "ben", Given: "Ben", Family: "Learner"},
		{Name: "carla", Given: "Carla", Family: "Teacher", Teacher: true},
	}
}

// ServeHTTP serves the LMS's pages and its outcome service.
func (l *LMS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	if l.base == "" && r.Host != "" {
		l.base = "http://" + r.Host
	}
	l.mu.Unlock()
	l.pages.ServeHTTP(w, r)
}

// Personality returns what was drawn from the seed.
func (l *LMS) Personality() Personality { return l.personality }

// Users returns the people of the LMS: learners ana and ben, teacher carla.
func (l *LMS) Users() []User { return slices.Clone(l.users) }

// SetBaseURL sets the address under which browsers and the tool reach the LMS.
func (l *LMS) SetBaseURL(base string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.base = strings.TrimSuffix(base, "/")
}

// SetClock replaces the clock. Call it before the LMS serves.
func (l *LMS) SetClock(now func() time.Time) { l.now = now }

// BaseURL returns the address of the LMS without a trailing slash.
func (l *LMS) BaseURL() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.base
}

// outcomes returns the address of the outcome service without its path. The
// lock is held by the caller.
func (l *LMS) outcomes() string {
	if l.outcomeBase != "" {
		return l.outcomeBase
	}
	return l.base
}

// SetCredentials replaces consumer key and secret for launches and outcomes to
// come.
func (l *LMS) SetCredentials(key, secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.key, l.secret = key, secret
}

// Credentials returns the consumer key and secret in use.
func (l *LMS) Credentials() (key, secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.key, l.secret
}

// SetLinks replaces the activities of the course. It fails with [ErrOptions]
// when an id is empty or repeated, or an address is not absolute.
func (l *LMS) SetLinks(links []Link) error {
	seen := map[string]bool{}
	for _, k := range links {
		if k.ID == "" || strings.ContainsAny(k.ID, "/?#%") || seen[k.ID] {
			return ErrOptions.With("link id %q is empty, repeated or not usable in an address", k.ID)
		}
		seen[k.ID] = true
		if _, err := splitURL(k.LaunchURL); err != nil {
			return ErrOptions.With("link %q: %w", k.ID, err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.links = slices.Clone(links)
	return nil
}

// Links returns the activities of the course.
func (l *LMS) Links() []Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.links)
}

func (l *LMS) link(id string) (Link, bool) {
	for _, k := range l.Links() {
		if k.ID == id {
			return k, true
		}
	}
	return Link{}, false
}

func (l *LMS) user(name string) (User, bool) {
	for _, u := range l.users {
		if u.Name == name {
			return u, true
		}
	}
	return User{}, false
}
