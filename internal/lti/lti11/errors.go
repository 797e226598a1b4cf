package lti11

import "lectern/internal/errs"

// Words that several refusals share. They tell the learner what to do without
// telling a stranger which check failed.
const (
	sayCredentials = "Your course site and this site do not agree on the credentials of this link. " +
		"Please tell your teacher or course administrator."
	sayMalformed = "The launch that your course site sent is not valid. " +
		"Please tell your teacher or course administrator."
	sayIncomplete = "The launch that your course site sent is incomplete. " +
		"Please tell your teacher or course administrator."
	sayReopen = "This link was already used or is too old. Please open it again from your course."
)

// Refusals before the signature is verified. Nothing of the request may be
// trusted yet, its return address included.
var (
	// ErrMissing means required parameters are not in the form [LTI11 §2.2].
	ErrMissing = errs.New(errs.Invalid, "launch_parameter_missing", "OpenEdX §1.3", sayIncomplete,
		"The request log names the missing parameters. Open the content from the LMS, not by its address.")
	// ErrUserMissing means user_id is empty or an unresolved variable.
	ErrUserMissing = errs.New(errs.Invalid, "launch_user_missing", "LTI11 user_id",
		"Your course site did not say who you are, so no work could be saved. "+
			"Please tell your teacher or course administrator.",
		"The LMS sent an empty user_id or an unresolved variable. Let the link share the user's ID.")
	// ErrAmbiguous means a parameter that must be unique is repeated
	// [RFC5849 §3.1].
	ErrAmbiguous = errs.New(errs.Invalid, "launch_parameter_repeated", "OAuth1 §3.1", sayMalformed,
		"A parameter that must be unique occurs twice. The launch log names it.")
	// ErrFormEncoding means a percent escape does not decode to UTF-8.
	ErrFormEncoding = errs.New(errs.Forbidden, "launch_encoding_invalid", "OAuth1 §3.4.1.3.1", sayMalformed,
		"A parameter holds bytes that are not UTF-8. Check special characters in the link's settings.")
	// ErrTarget means the request line holds no usable address.
	ErrTarget = errs.New(errs.Invalid, "launch_address_malformed", "OAuth1 §3.4.1.2", sayMalformed,
		"The address or Host header of the request cannot be read.")
	// ErrOAuthQuery means OAuth parameters are in the address too.
	ErrOAuthQuery = errs.New(errs.Forbidden, "launch_oauth_in_address", "OAuth1 §3.5.2", sayMalformed,
		"OAuth parameters belong in the form only. Remove them from the launch address in the LMS.")
	// ErrOAuthParameter means an OAuth parameter has a value we never accept.
	ErrOAuthParameter = errs.New(errs.Forbidden, "launch_oauth_malformed", "OAuth1 §3.1", sayMalformed,
		"The launch log names the OAuth parameter that has a wrong form.")
	// ErrMethod means the signature method is not HMAC-SHA1, -SHA256 or -SHA512.
	ErrMethod = errs.New(errs.Forbidden, "launch_signature_method_refused", "OAuth1 §3.4", sayCredentials,
		"Set the link's signature method in the LMS to HMAC-SHA1 or HMAC-SHA256.")
	// ErrConsumerUnknown means no consumer has this key.
	ErrConsumerUnknown = errs.New(errs.Forbidden, "launch_consumer_unknown", "OAuth1 §3.2", sayCredentials,
		"Compare the consumer key in the LMS with the list of LTI consumers.")
	// ErrConsumerDisabled means the consumer with this key is switched off.
	ErrConsumerDisabled = errs.New(errs.Forbidden, "launch_consumer_disabled", "", sayCredentials,
		"Enable the consumer on its page if its launches should work.")
	// ErrSignature means no live secret of the consumer signs this request.
	ErrSignature = errs.New(errs.Forbidden, "launch_signature_mismatch", "OAuth1 §3.2", sayCredentials,
		"Compare the consumer secret in the LMS with the one on the consumer's page, "+
			"and the launch address with this site's public address.")
	// ErrTimestampMalformed means oauth_timestamp is not ten digits.
	ErrTimestampMalformed = errs.New(errs.Forbidden, "launch_timestamp_malformed", "OAuth1 §3.3", sayMalformed,
		"oauth_timestamp must be seconds since 1970 in ten digits.")
	// ErrUnavailable means the consumer could not be looked up.
	ErrUnavailable = errs.New(errs.Unavailable, "launch_store_unavailable", "",
		"This site cannot check your launch right now. Please open it again in a minute.",
		"The database did not answer; see the log line.")
)

// Refusals after the signature is verified: the LMS really sent this.
var (
	// ErrTimestampExpired means oauth_timestamp is outside the window.
	ErrTimestampExpired = errs.New(errs.Forbidden, "launch_timestamp_expired", "OAuth1 §3.3",
		"This link is too old. Please open it again from your course.",
		"If every launch fails so, the clock of the LMS or of this server is wrong.")
	// ErrNonceReused means another launch carried the same nonce.
	ErrNonceReused = errs.New(errs.Forbidden, "launch_nonce_reused", "OAuth1 §3.3", sayReopen,
		"The LMS signed two different launches with one nonce, or somebody altered a launch.")
	// ErrReplayed means the very same launch came before.
	ErrReplayed = errs.New(errs.Forbidden, "launch_replayed", "OAuth1 §3.3", sayReopen,
		"The consumer is set to refuse every repeat of a launch.")
	// ErrMessageType means the message is not a launch of a resource link.
	ErrMessageType = errs.New(errs.Invalid, "launch_message_type_unsupported", "LTI11 lti_message_type",
		"Your course site asked for something that this address does not offer. "+
			"Please tell your teacher or course administrator.",
		"lti_message_type must be basic-lti-launch-request at this address.")
	// ErrVersion means lti_version is not LTI-1p0, on a strict consumer.
	ErrVersion = errs.New(errs.Invalid, "launch_version_unsupported", "LTI11 lti_version", sayMalformed,
		"lti_version must be LTI-1p0. The consumer's strict LTI option asks for it.")
	// ErrResourceLink means resource_link_id is missing, on a strict consumer.
	ErrResourceLink = errs.New(errs.Invalid, "launch_resource_link_missing", "LTI11 resource_link_id", sayIncomplete,
		"resource_link_id is missing. The consumer's strict LTI option asks for it.")
)
