package lti11

import (
	"context"
	"time"

	"lectern/internal/lti"
	"lectern/internal/oauth1"
)

// Consumers finds who may launch.
type Consumers interface {
	// ByKey returns the consumer whose key is key, enabled or not, and its
	// live secrets, the current one first. An unknown key is a nil consumer
	// without an error, or an error of kind errs.NotFound.
	ByKey(ctx context.Context, key string) (*lti.Consumer, []lti.Secret, error)
}

// Verified is a launch whose signature holds.
type Verified struct {
	Launch   lti.Launch
	Nonce    Nonce
	Address  oauth1.Address  // what the LMS signed, as we know it
	Fallback oauth1.Fallback // the leniency that was needed; oauth1.Strict is none
	Secret   lti.SecretSlot  // the secret that matched
	Age      time.Duration   // our clock minus the LMS's; negative when the LMS is ahead
	Warnings []string        // what the standard asks for and the launch lacks, for the operator

	form, query []oauth1.Pair
}

// Sent is a message as it arrived. It holds personal data: mask it before it is
// kept.
type Sent struct {
	Address oauth1.Address // as we know it; the zero value when it could not be told
	Form    []oauth1.Pair
	Query   []oauth1.Pair // of the address
}

// Param returns the value of a body parameter, the last one when it is repeated,
// and "" when there is none.
func (s Sent) Param(name string) string { return last(s.Form, name) }

// Sent returns the message.
func (v *Verified) Sent() Sent { return Sent{v.Address, v.form, v.query} }

// Param is [Sent.Param], for parameters that no field of Launch holds, such as
// custom_*.
func (v *Verified) Param(name string) string { return v.Sent().Param(name) }

// Refusal is what is known about a launch that was not accepted. It is the
// private detail of the error: find it with errors.As.
type Refusal struct {
	Consumer  *lti.Consumer // nil unless the key named one; unproven before the signature holds
	Key       string        // oauth_consumer_key as sent, when it was looked up; unproven as well
	Why       string        // for the operator; holds no values of the form
	Diagnosis oauth1.Diagnosis
	Diagnosed bool   // whether Diagnosis was looked for
	Advice    string // what the operator should change; "" when Why and the error's hint say all
	Sent      Sent   // as far as it could be read
}

// Error returns Why and, for signatures, what would have matched.
func (r *Refusal) Error() string {
	if d := r.Diagnosis.String(); d != "" {
		return r.Why + ": " + d
	}
	return r.Why
}
