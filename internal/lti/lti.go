package lti

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Consumer is an external LMS that may launch our content.
type Consumer struct {
	ID   string
	Name string // as the console lists it; unique ignoring case
	Key  string // oauth_consumer_key; unique, 1 to 255 characters

	// InstanceGUID is tool_consumer_instance_guid of the first verified launch
	// that carried one. It is information: it never selects a consumer.
	InstanceGUID   string
	InstanceGUIDAt time.Time // zero until captured

	RequireUserAccount bool // wins over UseLTIPII
	UseLTIPII          bool
	Enabled            bool
	StrictReplay       bool // refuse every repeat of a launch, a double click too
	StrictLTI          bool // require lti_version, lti_message_type, resource_link_id
	FreshState         bool // learner state starts anew in each LMS course
	GradeStaff         bool // scores of teachers, mentors and test users are sent too

	// TrustedDomains are e-mail domains, in lower case, of which this consumer
	// is believed who has which address.
	TrustedDomains []string
	// FrameOrigins may frame our pages besides the origins that launches come
	// from, e.g. "https://portal.school.example".
	FrameOrigins []string

	// MovedFrom says where the consumer was taken over from: [OpenEdX], or "".
	MovedFrom string

	Rails

	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastLaunchAt time.Time // zero until the first good launch
}

// Secret is a shared secret of a consumer, in clear text. It lives in memory
// only while a message is signed or verified.
type Secret struct {
	Slot  SecretSlot
	Value string
}

// SecretSlot says which of a consumer's two live secrets one is.
type SecretSlot string

// The slots. Previous exists only while a rotation is under way.
const (
	Current  SecretSlot = "current"
	Previous SecretSlot = "previous"
)

// Launch is a verified message that asks to show one piece of content to one
// learner. Whatever is unverified is an lti11.Request.
type Launch struct {
	Consumer     *Consumer
	User         User
	Roles        Roles
	Context      Context
	ResourceLink ResourceLink
	Outcome      Outcome
	Presentation Presentation
	Instance     Instance
	Test         bool // made by an operator of this site to try a link
}

// User is the LMS's user, unique within its consumer. Person data is what the
// LMS claims; nobody has verified it.
type User struct {
	ID         string
	Email      string // lower case; "" when not sent
	FullName   string
	GivenName  string
	FamilyName string
}

// Context is the LMS's course.
type Context struct {
	ID    string
	Title string
	Label string
}

// Name is what people call the course: its title, or its ID where the LMS says
// none.
func (c Context) Name() string { return cmp.Or(c.Title, c.ID) }

// ResourceLink is the placement of a link in the LMS. ID may be empty on
// launches made for Open edX, which does not ask for it.
type ResourceLink struct {
	ID    string
	Title string
}

// Outcome is where the LMS wants the score of this user and link. Both fields
// are set or the launch takes no score.
type Outcome struct {
	ServiceURL string // lis_outcome_service_url; may change at every launch
	SourcedID  string // lis_result_sourcedid; opaque bytes, kept as sent
}

// Wanted reports whether the LMS takes a score for this launch.
func (o Outcome) Wanted() bool { return o.ServiceURL != "" && o.SourcedID != "" }

// Presentation is how the LMS wants the page to look.
type Presentation struct {
	Target    string // frame, iframe or window; a wish, never trusted
	Locale    string // loose BCP 47, e.g. "en-US", "en_US", "EN-US__"
	ReturnURL string // checked scheme and host; "" when absent or unusable
}

// Instance describes the LMS installation.
type Instance struct {
	GUID   string
	Name   string
	Family string // tool_consumer_info_product_family_code, e.g. "moodle"
}

// Roles is what the launch says about the user's role in the LMS's course.
type Roles struct {
	Learner  bool
	Staff    bool // instructor, assistant, administrator or developer of the context
	Mentor   bool // may look, never gets a score
	TestUser bool // e.g. Canvas' Student View; its scores are not sent
}

// SendsScore reports whether scores of a user with these roles go to c: those
// of learners do, also of learners who teach as well; others only when the
// operator says so.
func (r Roles) SendsScore(c *Consumer) bool { return c.GradeStaff || r.Learner && !r.TestUser }

// Trusts reports whether the operator believes c who has the address email.
func (c *Consumer) Trusts(email string) bool {
	at := strings.LastIndexByte(email, '@')
	return at > 0 && slices.Contains(c.TrustedDomains, strings.ToLower(email[at+1:]))
}

// Score is a learner's points on one piece of content.
type Score struct {
	Earned   float64
	Possible float64 // 0 when there is nothing to earn
}

// Ratio returns Earned/Possible clamped to [0, 1], and 0 when nothing can be
// earned or the points are not numbers.
func (s Score) Ratio() float64 {
	r := s.Earned / s.Possible
	if s.Possible <= 0 || math.IsNaN(r) {
		return 0
	}
	return min(max(r, 0), 1)
}

// Text returns the ratio as the plain decimal that outcome services take:
// at most six digits after the point, never an exponent.
func (s Score) Text() string {
	t := strconv.FormatFloat(s.Ratio(), 'f', 6, 64)
	end := len(t)
	for t[end-1] == '0' {
		end--
	}
	if t[end-1] == '.' {
		end--
	}
	return t[:end]
}

// GradeTarget is one gradebook cell in an LMS. There is one per consumer,
// account and link; each launch overwrites where it points.
type GradeTarget struct {
	ID         string
	ConsumerID string
	AccountID  string
	LinkKey    string // resource link ID, or the usage key when the launch had none
	CourseKey  string
	UsageKey   string
	Scope      string // learner state scope, see Consumer.FreshState
	Outcome    Outcome
	Refused    string // why no score can be sent there; "" when it can
	UpdatedAt  time.Time

	PlacementID string // the link whose dates count; "" until its next launch
}
