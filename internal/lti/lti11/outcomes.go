package lti11

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/http/httpguts"

	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/oauth1"
	"lectern/internal/safehttp"
)

// ErrOutcome means an LMS did not take a score, or could not be asked. The
// private detail says why.
var ErrOutcome = errs.New(errs.Unavailable, "outcome_not_delivered", "LTI11 §6.1",
	"The course site has not taken the score yet. It is kept and will be sent again.",
	"See the attempts of this score on the scores page.")

// Target is one gradebook cell and the credentials to write it.
type Target struct {
	ServiceURL string // lis_outcome_service_url
	SourcedID  string // lis_result_sourcedid, as the LMS sent it
	Key        string // consumer key
	Secret     string // current consumer secret

	Method oauth1.Method    // HMAC-SHA1 when empty; Moodle takes nothing else
	Clock  func() time.Time // time.Now when nil
}

// Reply is what became of one request to an outcome service. It holds nothing
// that names a person except what an LMS may write into Description.
type Reply struct {
	Class        Class
	Why          string        // for the operator; "" when Done
	MessageID    string        // imsx_messageIdentifier we sent
	Sent         string        // the score as text; "" for reads and deletes
	HTTPStatus   int           // 0 when no answer came
	CodeMajor    string        // success, processing, failure, unsupported or ""
	Severity     string        // status, warning, error or ""
	Description  string        // what the LMS says, one line, at most 500 bytes
	CanvasCode   string        // ext_canvas_error_code
	RetryAfter   time.Duration // the LMS asks to wait so long; 0 when it does not
	RedirectHost string        // where a refused redirect pointed
	Result       string        // what readResult returned, as text
	HasResult    bool          // the answer has the body of a readResult, be it empty
	Took         time.Duration
}

// Value returns the result that readResult found, between 0 and 1, and whether
// there is one.
func (r Reply) Value() (float64, bool) { return number(r.Result) }

// ReplaceResult sends score to target. The Reply is always filled in; the
// error is nil exactly when its class is [Done], and an [ErrOutcome] else.
func ReplaceResult(ctx context.Context, client *http.Client, target Target, score lti.Score) (Reply, error) {
	return send(ctx, client, target, replaceResult, score.Text())
}

// ReadResult asks for the score that the LMS holds: see [Reply.Value].
func ReadResult(ctx context.Context, client *http.Client, target Target) (Reply, error) {
	return send(ctx, client, target, readResult, "")
}

// DeleteResult asks the LMS to forget the score.
func DeleteResult(ctx context.Context, client *http.Client, target Target) (Reply, error) {
	return send(ctx, client, target, deleteResult, "")
}

func send(ctx context.Context, client *http.Client, t Target, op operation, score string) (Reply, error) {
	start := time.Now()
	r := Reply{MessageID: uuid.NewString(), Sent: score}
	err := exchange(ctx, client, t, op, &r)
	r.Took = time.Since(start)
	if r.Class == Done {
		return r, nil
	}
	if err == nil {
		err = errors.New(r.Why)
	}
	return r, ErrOutcome.Wrap(fmt.Errorf("%s: %s: %w", op, r.Class, err))
}

func exchange(ctx context.Context, client *http.Client, t Target, op operation, r *Reply) error {
	req, err := t.request(ctx, op, r)
	if err != nil {
		r.Class, r.Why = Permanent, "the outcome address or sourcedid cannot be used"
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		r.Class, r.Why = classifyTransport(err)
		return withoutURL(err)
	}
	defer resp.Body.Close()
	body, err := safehttp.ReadBody(resp, maxReply)
	r.HTTPStatus = resp.StatusCode
	var env envelopeReply
	if err == nil {
		env, err = parseReply(body)
	}
	r.CodeMajor, r.Severity, r.CanvasCode = env.CodeMajor, env.Severity, env.CanvasCode
	r.Description, r.Result, r.HasResult = env.Description, env.Result, env.HasResult
	r.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	r.Class, r.Why = classify(resp.StatusCode, env, err)
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		if to, locErr := resp.Location(); locErr == nil {
			r.RedirectHost = clean(to.Host)
			r.Why += ", to " + r.RedirectHost
		}
	}
	return err
}

func (t Target) request(ctx context.Context, op operation, r *Reply) (*http.Request, error) {
	if t.SourcedID == "" || !writable(t.SourcedID) {
		return nil, errors.New("sourcedid is empty or holds characters that XML cannot carry")
	}
	body := envelope(op, r.MessageID, t.SourcedID, r.Sent)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.ServiceURL, bytes.NewReader(body))
	if err != nil {
		return nil, withoutURL(err)
	}
	host, err := httpguts.PunycodeHostPort(req.URL.Host) // as the Host header will say
	if err != nil {
		return nil, errors.New("host name cannot be used")
	}
	signed := oauth1.Address{
		Scheme: req.URL.Scheme, Host: host, Path: req.URL.EscapedPath(), RawQuery: req.URL.RawQuery,
	}
	signer := oauth1.Signer{Key: t.Key, Secret: t.Secret, Method: t.Method, Clock: t.Clock}
	header, err := signer.Header(http.MethodPost, signed.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", header)
	req.Header.Set("Content-Type", "application/xml") // exactly so: Canvas refuses a charset
	req.Header.Set("Accept", "application/xml, text/xml, */*;q=0.1")
	return req, nil
}

// classifyTransport judges why no answer came.
func classifyTransport(err error) (Class, string) {
	switch {
	case errors.Is(err, safehttp.ErrRefused):
		return Permanent, "this site does not connect to that address: " + safehttp.Reason(err)
	case errors.Is(err, context.Canceled):
		return Transient, "sending was interrupted"
	}
	return Transient, "the LMS cannot be reached"
}

// withoutURL drops the address from a client error, because outcome addresses
// can hold keys in their query.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
