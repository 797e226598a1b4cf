package lti11

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Class says what an answer of an outcome service means for the score that
// was sent. No class means that a score may be forgotten.
type Class string

// The classes.
const (
	Done      Class = "done"      // the LMS has it
	Transient Class = "transient" // try again with growing pauses, not before RetryAfter
	Config    Class = "config"    // key, secret, clock or address is wrong: tell the operator, try again slowly
	Gone      Class = "gone"      // nothing at that address: park after the third time
	Permanent Class = "permanent" // never for this sourcedid: park, revive with a new launch
	Unclear   Class = "unclear"   // an answer nobody expects: try again slowly, then park
)

// maxRetryAfter bounds how long an LMS may ask us to wait.
const maxRetryAfter = 24 * time.Hour

// classify judges an answer by its document first and by its HTTP status
// where there is none: Moodle answers 200 to every failure, Canvas 422.
func classify(status int, env envelopeReply, parse error) (Class, string) {
	ok := status >= 200 && status < 300
	switch {
	case status >= 300 && status < 400:
		return Config, "the outcome address redirects elsewhere"
	case status >= 500 || status == http.StatusRequestTimeout ||
		status == http.StatusTooEarly || status == http.StatusTooManyRequests:
		return Transient, "the LMS answered " + strconv.Itoa(status)
	case parse == nil:
		return classifyDocument(ok, status, env)
	case ok:
		return Transient, parse.Error()
	}
	return classifyStatus(status), "the LMS answered " + strconv.Itoa(status)
}

func classifyDocument(ok bool, status int, env envelopeReply) (Class, string) {
	switch env.CodeMajor {
	case "success", "processing":
		if ok {
			return Done, ""
		}
		return classifyStatus(status), "the LMS says " + env.CodeMajor + " with status " + strconv.Itoa(status)
	case "unsupported":
		return Permanent, "the LMS does not support outcomes here"
	case "failure":
		if class, why := classifyFailure(env); class != "" {
			return class, why
		}
		if !ok {
			if class := classifyStatus(status); class != Unclear {
				return class, "the LMS refused the score"
			}
		}
		return Unclear, "the LMS refused the score"
	}
	return Unclear, "the LMS answered with an unknown codeMajor"
}

func classifyStatus(status int) Class {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return Config
	case http.StatusNotFound, http.StatusGone:
		return Gone
	}
	return Unclear
}

// classifyFailure reads the words of a failure. LMSs have no common codes, so
// this is a list of what they are known to say.
func classifyFailure(env envelopeReply) (Class, string) {
	switch strings.TrimSpace(env.CanvasCode) {
	case "course_not_available", "user_not_in_course", "assignment_tool_mismatch", "sourcedid_invalid":
		return Permanent, "the LMS no longer takes this score: " + strings.TrimSpace(env.CanvasCode)
	case "timestamp_in_future":
		return Config, "the LMS says our clock is ahead"
	}
	text := strings.ToLower(env.Description)
	for _, s := range []string{
		"does not accept grades", "sourcedid hash not valid", "invalid sourcedid", "sourcedid is invalid",
		"invalid lis_result_sourcedid", "not in course", "not enrolled", "no longer enrolled",
		"user not found", "past due", "course not available", "unknown sourcedid", "sourcedid not found",
	} {
		if strings.Contains(text, s) {
			return Permanent, "the LMS no longer takes this score: " + s
		}
	}
	for _, s := range []string{
		"signature", "consumer key", "oauth", "timestamp", "nonce", "authorization", "unauthorized",
		"not authorized", "access token", "401",
	} {
		if strings.Contains(text, s) {
			return Config, "the LMS does not accept our signature: check key, secret, clock and the LMS's public address"
		}
	}
	return "", ""
}

// retryAfter reads a Retry-After header: seconds or a date [RFC9110 §10.2.3].
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	var d time.Duration
	if sec, err := strconv.ParseUint(value, 10, 31); err == nil {
		d = time.Duration(sec) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
