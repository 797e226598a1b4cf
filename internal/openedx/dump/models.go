package dump

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// The models that are read. Whatever else a file holds is not for us.
const (
	ConsumerModel   = "lti_provider.lticonsumer"
	ServiceModel    = "lti_provider.outcomeservice"
	AssignmentModel = "lti_provider.gradedassignment"
	LTIUserModel    = "lti_provider.ltiuser"
	UserModel       = "auth.user"
	ProfileModel    = "student.userprofile"
	ModuleModel     = "courseware.studentmodule"
	TagModel        = "user_api.usercoursetag"
)

// Ref names another object: by primary key ("#12"), or a user by name
// ("@alice", as --natural-foreign writes it).
type Ref string

// ByPK and ByName make references.
func ByPK(pk string) Ref     { return Ref("#" + pk) }
func ByName(name string) Ref { return Ref("@" + name) }

// Consumer is an LTI consumer.
type Consumer struct {
	Name, Key, Secret  string
	InstanceGUID       string
	RequireUserAccount bool
	UseLTIPII          bool
}

// Service is where scores of a consumer go.
type Service struct {
	URL      string
	Consumer Ref
}

// Assignment is a gradebook cell.
type Assignment struct {
	User      Ref
	CourseKey string
	UsageKey  string
	Service   Ref
	SourcedID string
}

// LTIUser is a learner's link.
type LTIUser struct {
	Consumer  Ref
	LTIUserID string
	User      Ref
}

// User is an account.
type User struct {
	Username, Email     string
	FirstName, LastName string
	Password            string // hash
	Active              bool
	Staff               bool // or superuser
	Joined              time.Time
}

// Profile has the name that a person gave.
type Profile struct {
	User Ref
	Name string
}

// Module is what a learner did with a block.
type Module struct {
	Type      string
	UsageKey  string
	CourseKey string
	Student   Ref
	State     string // JSON; "" when there is none
	Grade     *float64
	MaxGrade  *float64
	Modified  time.Time
}

// Tag is something that a course keeps about a learner, e.g. their group in an
// experiment.
type Tag struct {
	User      Ref
	CourseKey string
	Key       string
	Value     string
}

// Consumer reads the fields of a [ConsumerModel].
func (o *Object) Consumer() (c Consumer, err error) {
	f, err := o.open()
	c = Consumer{
		Name: f.text("consumer_name", 255), Key: f.text("consumer_key", 255), Secret: f.text("consumer_secret", 255),
		InstanceGUID:       f.optional("instance_guid", 255),
		RequireUserAccount: f.flag("require_user_account"), UseLTIPII: f.flag("use_lti_pii"),
	}
	return c, f.or(err)
}

// Service reads the fields of a [ServiceModel].
func (o *Object) Service() (s Service, err error) {
	f, err := o.open()
	s = Service{URL: f.text("lis_outcome_service_url", 4096), Consumer: f.ref("lti_consumer")}
	return s, f.or(err)
}

// Assignment reads the fields of an [AssignmentModel].
func (o *Object) Assignment() (a Assignment, err error) {
	f, err := o.open()
	a = Assignment{
		User: f.ref("user"), CourseKey: f.text("course_key", 255), UsageKey: f.text("usage_key", 255),
		Service: f.ref("outcome_service"), SourcedID: f.text("lis_result_sourcedid", 4096),
	}
	return a, f.or(err)
}

// LTIUser reads the fields of an [LTIUserModel].
func (o *Object) LTIUser() (u LTIUser, err error) {
	f, err := o.open()
	u = LTIUser{Consumer: f.ref("lti_consumer"), LTIUserID: f.optional("lti_user_id", 255), User: f.ref("edx_user")}
	return u, f.or(err)
}

// User reads the fields of a [UserModel].
func (o *Object) User() (u User, err error) {
	f, err := o.open()
	u = User{
		Username: f.text("username", 150), Email: f.optional("email", 254),
		FirstName: f.optional("first_name", 255), LastName: f.optional("last_name", 255),
		Password: f.optional("password", 255), Active: f.flag("is_active"), Joined: f.time("date_joined"),
	}
	u.Staff = f.flag("is_staff")
	u.Staff = f.flag("is_superuser") || u.Staff
	return u, f.or(err)
}

// Profile reads the fields of a [ProfileModel].
func (o *Object) Profile() (p Profile, err error) {
	f, err := o.open()
	p = Profile{User: f.ref("user"), Name: f.optional("name", 1000)}
	return p, f.or(err)
}

// Module reads the fields of a [ModuleModel].
func (o *Object) Module() (m Module, err error) {
	f, err := o.open()
	m = Module{
		Type: f.text("module_type", 255), UsageKey: f.text("module_state_key", 255), CourseKey: f.text("course_id", 255),
		Student: f.ref("student"), State: f.optional("state", maxObject),
		Grade: f.number("grade"), MaxGrade: f.number("max_grade"), Modified: f.time("modified"),
	}
	return m, f.or(err)
}

// Tag reads the fields of a [TagModel].
func (o *Object) Tag() (t Tag, err error) {
	f, err := o.open()
	t = Tag{
		User: f.ref("user"), CourseKey: f.text("course_id", 255), Key: f.text("key", 255), Value: f.optional("value", 1<<20),
	}
	return t, f.or(err)
}

// fields reads the fields of an object and keeps the first error.
type fields struct {
	o   *Object
	raw map[string]json.RawMessage
	err error
}

func (o *Object) open() (*fields, error) {
	f := &fields{o: o}
	err := json.Unmarshal(o.fields, &f.raw)
	if err != nil {
		err = o.Bad("its fields: %v", err)
	}
	return f, err
}

func (f *fields) or(err error) error {
	if err != nil {
		return err
	}
	return f.err
}

func (f *fields) bad(name, format string, args ...any) {
	if f.err == nil {
		f.err = f.o.Bad("field %s: %s", name, fmt.Sprintf(format, args...))
	}
}

// value returns a field that is there and not null.
func (f *fields) value(name string, needed bool) json.RawMessage {
	v, has := f.raw[name]
	if !has || string(v) == "null" {
		if needed {
			f.bad(name, "it is missing")
		}
		return nil
	}
	return v
}

func (f *fields) text(name string, most int) string {
	if f.value(name, true) == nil {
		return ""
	}
	s := f.optional(name, most)
	if s == "" {
		f.bad(name, "it is empty")
	}
	return s
}

func (f *fields) optional(name string, most int) (s string) {
	v := f.value(name, false)
	if v == nil {
		return ""
	}
	switch err := json.Unmarshal(v, &s); {
	case err != nil:
		f.bad(name, "it is no text")
	case utf8.RuneCountInString(s) > most:
		f.bad(name, "it is longer than %d characters", most)
	case strings.ContainsRune(s, 0):
		f.bad(name, "it holds a character that no database takes")
	}
	return s
}

// flag reads a field that older releases do not have.
func (f *fields) flag(name string) (b bool) {
	if v := f.value(name, false); v != nil && json.Unmarshal(v, &b) != nil {
		f.bad(name, "it is neither true nor false")
	}
	return b
}

func (f *fields) number(name string) *float64 {
	v := f.value(name, false)
	if v == nil {
		return nil
	}
	var x float64
	if json.Unmarshal(v, &x) != nil || math.IsInf(x, 0) {
		f.bad(name, "it is no number")
		return nil
	}
	return &x
}

func (f *fields) time(name string) time.Time {
	if f.value(name, false) == nil {
		return time.Time{}
	}
	text := f.optional(name, 64)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			if y := t.Year(); y < 1990 || y > 2200 {
				break
			}
			return t.UTC()
		}
	}
	f.bad(name, "%.64q is no time", text)
	return time.Time{}
}

// ref reads a reference: a number, a text, or a natural key of one text.
func (f *fields) ref(name string) Ref {
	v := f.value(name, true)
	if v == nil {
		return ""
	}
	var pk json.Number
	var text string
	var natural []string
	switch {
	case v[0] != '"' && json.Unmarshal(v, &pk) == nil:
		return ByPK(pk.String())
	case json.Unmarshal(v, &text) == nil && text != "":
		return ByPK(text)
	case json.Unmarshal(v, &natural) == nil && len(natural) == 1 && natural[0] != "":
		return ByName(natural[0])
	}
	f.bad(name, "it is no reference to an object")
	return ""
}
