package lti11

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"testing"
	"time"

	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/oauth1"
)

// The launch that most tests start from: Open edX's known answers.
const (
	testKey    = "test-key"
	testSecret = "test-secret"
	testNow    = 1700000000
	testHost   = "https://lms.example.org"
	testPath   = "/lti_provider/courses/course-v1:edX+DemoX+Demo_Course/" +
		"block-v1:edX+DemoX+Demo_Course+type@problem+block@abc123"
	encodedPath = "/lti_provider/courses/course-v1%3AedX%2BDemoX%2BDemo_Course/" +
		"block-v1:edX%2BDemoX%2BDemo_Course%2Btype@problem%2Bblock@abc123"
)

// consumers is a fake store: secrets and options by key.
type consumers map[string]fakeConsumer

type fakeConsumer struct {
	lti.Consumer
	secrets []lti.Secret
	err     error
}

func (c consumers) ByKey(_ context.Context, key string) (*lti.Consumer, []lti.Secret, error) {
	f, ok := c[key]
	if !ok || f.err != nil {
		return nil, nil, f.err
	}
	f.Key = key
	return &f.Consumer, f.secrets, nil
}

// holding returns an enabled consumer with secrets, the current one first.
func holding(secrets ...string) fakeConsumer {
	f := fakeConsumer{Consumer: lti.Consumer{ID: "1", Enabled: true}}
	slots := []lti.SecretSlot{lti.Current, lti.Previous}
	for i, s := range secrets {
		f.secrets = append(f.secrets, lti.Secret{Slot: slots[i], Value: s})
	}
	return f
}

func clock(unix int64) func() time.Time { return func() time.Time { return time.Unix(unix, 0) } }

// verifier knows one consumer, test-key, and a clock.
func verifier() *Verifier {
	return &Verifier{Consumers: consumers{testKey: holding(testSecret)}, Clock: clock(testNow)}
}

// basics is the form of the known answers, without the signature.
func basics() []oauth1.Pair {
	return []oauth1.Pair{
		{Name: "lti_message_type", Value: "basic-lti-launch-request"},
		{Name: "lti_version", Value: "LTI-1p0"},
		{Name: "resource_link_id", Value: "rl-1"},
		{Name: "user_id", Value: "LTI_User"},
		{Name: "roles", Value: "Instructor,urn:lti:instrole:ims/lis/Administrator"},
		{Name: "context_id", Value: "lti_launch_context_id"},
		{Name: "oauth_consumer_key", Value: testKey},
		{Name: "oauth_nonce", Value: "nonce-0001"},
		{Name: "oauth_signature_method", Value: "HMAC-SHA1"},
		{Name: "oauth_timestamp", Value: "1700000000"},
		{Name: "oauth_version", Value: "1.0"},
	}
}

// change is an edit of a form.
type change func([]oauth1.Pair) []oauth1.Pair

// set replaces the value of a name or adds the pair.
func set(name, value string) change {
	return func(form []oauth1.Pair) []oauth1.Pair {
		for i := range form {
			if form[i].Name == name {
				form[i].Value = value
				return form
			}
		}
		return append(form, oauth1.Pair{Name: name, Value: value})
	}
}

func add(name, value string) change {
	return func(form []oauth1.Pair) []oauth1.Pair { return append(form, oauth1.Pair{Name: name, Value: value}) }
}

func drop(name string) change {
	return func(form []oauth1.Pair) []oauth1.Pair {
		return slices.DeleteFunc(form, func(p oauth1.Pair) bool { return p.Name == name })
	}
}

// unsigned is a request for target with the changed form as it is.
func unsigned(target string, changes ...change) *Request {
	form := basics()
	for _, c := range changes {
		form = c(form)
	}
	u, err := url.Parse(testHost)
	if err != nil {
		panic(err)
	}
	return &Request{
		Method: "POST", Target: target, ContentType: formType,
		Body: []byte(oauth1.EncodeForm(form)), Facts: Facts{Host: u.Host, TLS: true},
	}
}

// given carries a signature that was computed elsewhere.
func given(target, signature string, changes ...change) *Request {
	return unsigned(target, append(changes, set("oauth_signature", signature))...)
}

// signed signs the changed form for the address that target has.
func signed(t *testing.T, target string, changes ...change) *Request {
	t.Helper()
	form := basics()
	for _, c := range changes {
		form = c(form)
	}
	a, err := oauth1.ParseAddress(testHost + target)
	if err != nil {
		t.Fatal(err)
	}
	query, err := oauth1.ParseForm([]byte(a.RawQuery), oauth1.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	method := oauth1.Method(last(form, "oauth_signature_method"))
	m := oauth1.Message{Method: "POST", Address: a, Query: query, Form: form}
	return given(target, method.Sign(testSecret, m.BaseString()), changes...)
}

// wantCode checks the code and the kind of an error; nil wants none.
func wantCode(t *testing.T, err error, want *errs.Error) {
	t.Helper()
	if want == nil {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if !errors.Is(err, want) || errs.From(err).Kind != want.Kind {
		t.Errorf("err = %v, want %s", err, want.Code)
	}
}

// check verifies req and compares the outcome.
func check(t *testing.T, v *Verifier, req *Request, want *errs.Error) *Verified {
	t.Helper()
	got, err := v.Verify(t.Context(), req)
	wantCode(t, err, want)
	if want == nil && got == nil {
		t.Fatal("nothing verified")
	}
	return got
}
