package lti11

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lectern/internal/errs"
	"lectern/internal/locale"
	"lectern/internal/lti"
	"lectern/internal/oauth1"
)

// DefaultWindow is how far oauth_timestamp may be behind or ahead of our
// clock, as in Open edX.
const DefaultWindow = 300 * time.Second

// Verifier checks launches.
type Verifier struct {
	Consumers Consumers
	PublicURL *url.URL          // how the world reaches this site; nil to take it from the request
	Clock     func() time.Time  // time.Now when nil
	Past      time.Duration     // DefaultWindow when zero
	Future    time.Duration     // DefaultWindow when zero
	Fallbacks []oauth1.Fallback // oauth1.DefaultFallbacks when nil; empty for none

	// MayDiagnose reports whether there is time to find out what a signature
	// was made for that does not match; always when nil. It keeps what strangers
	// send cheap.
	MayDiagnose func() bool
}

// Verify checks a launch of a resource link: names present, consumer, syntax,
// signature, clock, message. The error is an *errs.Error with a [Refusal] as
// its detail. When the signature holds and a later check fails, Verified is
// returned with the error, and then, and only then, the LMS may be told at its
// return address.
func (v *Verifier) Verify(ctx context.Context, req *Request) (*Verified, error) {
	l, err := v.verify(ctx, req, checkLaunchNames)
	if err != nil {
		return l, err
	}
	return l, checkMessage(l)
}

// VerifyMessage checks any signed LTI 1.x form: it asks for no more than
// OAuth does and leaves the message to the caller.
func (v *Verifier) VerifyMessage(ctx context.Context, req *Request) (*Verified, error) {
	return v.verify(ctx, req, checkOAuthNames)
}

type nameCheck func(form []oauth1.Pair) error

// verify gives every refusal what was sent, as far as it could be read.
func (v *Verifier) verify(ctx context.Context, req *Request, names nameCheck) (*Verified, error) {
	m := &oauth1.Message{Method: req.Method}
	l, err := v.judge(ctx, req, m, names)
	var r *Refusal
	if errors.As(err, &r) {
		r.Sent = Sent{Address: m.Address, Form: m.Form, Query: m.Query}
	}
	return l, err
}

func (v *Verifier) judge(ctx context.Context, req *Request, m *oauth1.Message, names nameCheck) (*Verified, error) {
	if err := v.read(req, m, names); err != nil {
		return nil, err
	}
	c, secrets, err := v.consumer(ctx, m)
	if err != nil {
		return nil, err
	}
	if err := checkSyntax(m.Form); err != nil {
		return nil, refuse(err, c, "")
	}
	result, err := v.checkSignature(req, m, c, secrets)
	if err != nil {
		return nil, err
	}
	l := &Verified{
		Launch:   launch(m.Form, c, req.Origin),
		Address:  m.Address,
		Fallback: result.Fallback,
		Secret:   secrets[result.Secret].Slot,
		form:     m.Form,
		query:    m.Query,
	}
	return l, v.checkClock(l, req)
}

// read parses req into m and checks what must hold before any credential
// counts. What could be read is in m even when it fails.
func (v *Verifier) read(req *Request, m *oauth1.Message, names nameCheck) error {
	address, errAddress := ExternalURL(v.PublicURL, req.Target, req.Facts)
	form, errForm := req.form()
	m.Address, m.Form = address, form
	if fatal(errForm) {
		return refuse(errForm, nil, "")
	}
	if err := names(form); err != nil {
		return err
	}
	query, errQuery := req.query()
	m.Query = query
	if fatal(errQuery) {
		return refuse(errQuery, nil, "")
	}
	if err := errors.Join(errForm, errQuery); err != nil {
		return refuse(ErrFormEncoding, nil, "")
	}
	if err := checkQuery(form, query); err != nil {
		return err
	}
	if errAddress != nil {
		return refuse(errAddress, nil, "no usable host")
	}
	return nil
}

// checkLaunchNames asks for the nine parameters that Open edX asks for. Only
// user_id must also have a value.
func checkLaunchNames(form []oauth1.Pair) error {
	err := checkNames(form, "roles", "context_id", "user_id", "oauth_version", "oauth_consumer_key",
		"oauth_signature", "oauth_signature_method", "oauth_timestamp", "oauth_nonce")
	if err == nil && identity(last(form, "user_id")) == "" {
		err = refuse(ErrUserMissing, nil, "user_id is empty or unresolved")
	}
	return err
}

// checkOAuthNames asks for what a signature needs [OAuth1 §3.1].
func checkOAuthNames(form []oauth1.Pair) error {
	return checkNames(form, "oauth_consumer_key", "oauth_signature", "oauth_signature_method",
		"oauth_timestamp", "oauth_nonce")
}

func checkNames(form []oauth1.Pair, required ...string) error {
	seen := map[string]bool{}
	repeated := ""
	for _, p := range form {
		if seen[p.Name] && unique(p.Name) {
			repeated = p.Name
		}
		seen[p.Name] = true
	}
	var missing []string
	for _, name := range required {
		if !seen[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		names := strings.Join(missing, ", ")
		return refuse(ErrMissing.Say("%s Missing: %s.", ErrMissing.Public, names), nil, "missing: "+names)
	}
	if repeated != "" {
		return refuse(ErrAmbiguous, nil, "repeated: "+oauth1.Encode(repeated))
	}
	return nil
}

// unique reports whether a second value of the parameter would make it
// unclear who is launching, with which rights, or where the score goes.
func unique(name string) bool {
	switch name {
	case "user_id", "roles", "context_id", "resource_link_id", "lti_message_type", "lti_version":
		return true
	}
	return strings.HasPrefix(name, "oauth_") || strings.HasPrefix(name, "lis_")
}

func checkQuery(form, query []oauth1.Pair) error {
	for _, p := range query {
		if strings.HasPrefix(p.Name, "oauth_") {
			return refuse(ErrOAuthQuery, nil, "in the address: "+oauth1.Encode(p.Name))
		}
		if unique(p.Name) && has(form, p.Name) && last(form, p.Name) != p.Value {
			return refuse(ErrAmbiguous, nil, "differs in address and form: "+p.Name)
		}
	}
	return nil
}

// consumer finds who claims to launch. An unknown or disabled key costs as
// much work as a known one, so that time does not tell them apart.
func (v *Verifier) consumer(ctx context.Context, m *oauth1.Message) (*lti.Consumer, []lti.Secret, error) {
	key := last(m.Form, "oauth_consumer_key")
	if key == "" || len([]rune(key)) > maxKey {
		return nil, nil, refuse(ErrConsumerUnknown, nil, "consumer key is empty or too long")
	}
	c, secrets, err := v.Consumers.ByKey(ctx, key)
	var e *errs.Error
	if err != nil && !(errors.As(err, &e) && e.Kind == errs.NotFound) {
		return nil, nil, ErrUnavailable.Wrap(err)
	}
	switch {
	case err != nil || c == nil:
		v.dummy(m)
		return nil, nil, ErrConsumerUnknown.Wrap(&Refusal{Key: key, Why: "no consumer has this key"})
	case !c.Enabled:
		v.dummy(m)
		return nil, nil, refuse(ErrConsumerDisabled, c, "the consumer is disabled")
	}
	return c, secrets, nil
}

func (v *Verifier) dummy(m *oauth1.Message) {
	_, _ = m.Verify([]string{"no consumer has this secret"}, v.options())
}

func (v *Verifier) options() oauth1.Options {
	if v.Fallbacks == nil {
		return oauth1.Options{Allow: oauth1.DefaultFallbacks()}
	}
	return oauth1.Options{Allow: v.Fallbacks}
}

// Lengths of OAuth values, in characters.
const (
	maxKey   = 255
	maxNonce = 255
)

// checkSyntax checks the form of the OAuth values [OAuth1 §3.1, §3.3].
func checkSyntax(form []oauth1.Pair) error {
	if has(form, "oauth_version") && last(form, "oauth_version") != "1.0" {
		return ErrOAuthParameter.With("oauth_version")
	}
	if last(form, "oauth_token") != "" {
		return ErrOAuthParameter.With("oauth_token")
	}
	if !oauth1.Method(last(form, "oauth_signature_method")).Valid() {
		return ErrMethod
	}
	nonce := last(form, "oauth_nonce")
	control := strings.ContainsFunc(nonce, func(r rune) bool { return r < ' ' || r == 0x7f })
	if n := len([]rune(nonce)); n < 1 || n > maxNonce || control {
		return ErrOAuthParameter.With("oauth_nonce")
	}
	if _, ok := timestamp(form); !ok {
		return ErrTimestampMalformed
	}
	return nil
}

// timestamp returns oauth_timestamp, which is ten digits: the years 2001 to
// 2286.
func timestamp(form []oauth1.Pair) (time.Time, bool) {
	s := last(form, "oauth_timestamp")
	if len(s) != 10 || strings.Trim(s, "0123456789") != "" {
		return time.Time{}, false
	}
	sec, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(sec, 0).UTC(), err == nil
}

func (v *Verifier) checkSignature(
	req *Request, m *oauth1.Message, c *lti.Consumer, secrets []lti.Secret,
) (oauth1.Result, error) {
	values := make([]string, len(secrets))
	for i, s := range secrets {
		if s.Value == "" { // anybody could sign with it
			return oauth1.Result{}, ErrUnavailable.With("consumer %s has an empty secret", c.ID)
		}
		values[i] = s.Value
	}
	result, err := m.Verify(values, v.options())
	if err == nil {
		return result, nil
	}
	r := &Refusal{Consumer: c, Key: c.Key, Why: "the signature does not match"}
	if !errors.Is(err, oauth1.ErrMismatch) {
		r.Why = "oauth_signature is not a signature of the method that the message names"
	}
	if v.MayDiagnose == nil || v.MayDiagnose() {
		r.Diagnosis, r.Diagnosed = m.Diagnose(values, v.others(req)...), true
		r.Advice = v.advise(req, m, r.Diagnosis)
	}
	return oauth1.Result{}, ErrSignature.Wrap(r)
}

// checkClock checks the timestamp and fills in Age and Nonce.
func (v *Verifier) checkClock(l *Verified, req *Request) error {
	now := time.Now
	if v.Clock != nil {
		now = v.Clock
	}
	past, future := window(v.Past), window(v.Future)
	sent, _ := timestamp(l.form)
	l.Age = now().UTC().Truncate(time.Second).Sub(sent)
	l.Nonce = newNonce(last(l.form, "oauth_consumer_key"), last(l.form, "oauth_timestamp"),
		last(l.form, "oauth_nonce"), req.Target, l.form, now().UTC().Add(past+future+nonceMargin))
	if l.Age > past || -l.Age > future {
		clock, off, c := now().UTC().Format("15:04:05"), locale.Span(l.Age), l.Launch.Consumer
		if l.Age < 0 {
			return refuse(ErrTimestampExpired.Say("The clock of your course site is ahead of this site's, so this link cannot be checked. "+
				"Please tell your teacher or course administrator. Our clock says %s UTC; the launch was signed %s later.", clock, off),
				c, "the LMS signed "+off+" ahead of this site's clock")
		}
		return refuse(ErrTimestampExpired.Say("This link is too old. Please open it again from your course. "+
			"Our clock says %s UTC; the launch was signed %s earlier.", clock, off), c, "the LMS signed "+off+" behind this site's clock")
	}
	return nil
}

func window(d time.Duration) time.Duration {
	if d == 0 {
		return DefaultWindow
	}
	return d
}

// checkMessage checks what the message is. Open edX looks at none of this, so
// only a strict consumer must get it all right.
func checkMessage(l *Verified) error {
	c := l.Launch.Consumer
	kind, version := l.Param("lti_message_type"), l.Param("lti_version")
	if kind != "basic-lti-launch-request" {
		if kind != "" || c.StrictLTI {
			return refuse(ErrMessageType, c, "lti_message_type")
		}
		l.Warnings = append(l.Warnings, "lti_message_type is missing")
	}
	if version != "LTI-1p0" {
		if c.StrictLTI {
			return refuse(ErrVersion, c, "lti_version")
		}
		l.Warnings = append(l.Warnings, "lti_version is not LTI-1p0")
	}
	if l.Launch.ResourceLink.ID == "" {
		if c.StrictLTI {
			return refuse(ErrResourceLink, c, "resource_link_id")
		}
		l.Warnings = append(l.Warnings, "resource_link_id is missing")
	}
	return nil
}

// refuse gives err a [Refusal] as its detail. A detail that err has already
// becomes the reason.
func refuse(err error, c *lti.Consumer, why string) error {
	e := errs.From(err)
	if detail := e.Unwrap(); why == "" && detail != nil {
		why = detail.Error()
	}
	r := &Refusal{Consumer: c, Why: why}
	if c != nil {
		r.Key = c.Key
	}
	return e.Wrap(r)
}

func last(pairs []oauth1.Pair, name string) string {
	for i := len(pairs) - 1; i >= 0; i-- {
		if pairs[i].Name == name {
			return pairs[i].Value
		}
	}
	return ""
}

func has(pairs []oauth1.Pair, name string) bool {
	for _, p := range pairs {
		if p.Name == name {
			return true
		}
	}
	return false
}
