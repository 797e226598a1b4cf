package lti11

import (
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"lectern/internal/errs"
	"lectern/internal/oauth1"
	"lectern/internal/spectest"
)

type vectorFile struct {
	Meta struct {
		Compat map[string][]string `json:"compat_vectors"`
	} `json:"meta"`
	Vectors []struct {
		ID, Kind, Expect string
		Key              string `json:"consumer_key"`
		Secret           string `json:"consumer_secret"`
		Request          struct {
			Method, Body string
			ExternalURL  string `json:"external_url"`
			Target       string `json:"request_target"`
			Headers      map[string]string
		}
	}
}

// fallback returns the fallback that the file names for a vector.
func (f *vectorFile) fallback(id string) oauth1.Fallback {
	for name, ids := range f.Meta.Compat {
		for _, v := range ids {
			if v == id {
				return oauth1.Fallback(strings.Fields(name)[1]) // "F1 body-only"
			}
		}
	}
	return oauth1.Strict
}

// TestVectors feeds every launch of the vector file to the verifier, with the
// clock, fallbacks and expectations that the file asks for.
func TestVectors(t *testing.T) {
	var file vectorFile
	spectest.JSON(t, &file, "data", "oauth1-vectors.json")
	for _, v := range file.Vectors {
		if v.Kind != "lti1.x-launch" {
			continue
		}
		t.Run(v.ID, func(t *testing.T) {
			h := v.Request.Headers
			external, err := url.Parse(v.Request.ExternalURL)
			if err != nil {
				t.Fatal(err)
			}
			proxied := h["X-Forwarded-Proto"] != "" || h["X-Forwarded-Host"] != ""
			req := &Request{
				Method: v.Request.Method, Target: v.Request.Target, ContentType: h["Content-Type"],
				Body: []byte(v.Request.Body),
				Facts: Facts{
					Host: h["Host"], TLS: external.Scheme == "https" && !proxied, Trusted: proxied,
					ForwardedProto: h["X-Forwarded-Proto"], ForwardedHost: h["X-Forwarded-Host"],
					ForwardedPort: h["X-Forwarded-Port"], ForwardedPrefix: h["X-Forwarded-Prefix"],
				},
			}
			run := func(fallbacks []oauth1.Fallback) (*Verified, error) {
				v := &Verifier{Consumers: consumers{v.Key: holding(v.Secret)}, Clock: clock(1750000030), Fallbacks: fallbacks}
				return v.VerifyMessage(t.Context(), req)
			}
			_, strict := run([]oauth1.Fallback{})
			got, compat := run(nil)
			switch v.Expect {
			case "valid":
				if strict != nil || compat != nil || got.Fallback != oauth1.Strict {
					t.Errorf("strict %v, with fallbacks %v", strict, compat)
				}
			case "valid-with-fallback":
				wantCode(t, strict, ErrSignature)
				if want := file.fallback(v.ID); compat != nil || got.Fallback != want {
					t.Errorf("with fallbacks: %v; want %s", compat, want)
				}
			case "invalid-strict":
				wantCode(t, strict, ErrSignature)
				wantCode(t, compat, ErrSignature)
				if got, err := run([]oauth1.Fallback{oauth1.LF}); err != nil || got.Fallback != oauth1.LF {
					t.Errorf("with the fallback that is off by default: %v", err)
				}
			case "invalid":
				wantCode(t, strict, ErrSignature)
				wantCode(t, compat, ErrSignature)
			default:
				t.Errorf("unknown expectation %q", v.Expect)
			}
		})
	}
}

// TestMoodleLaunches verifies what a real Moodle sent: its key and secret, its
// clock, our public address, and no check switched off.
func TestMoodleLaunches(t *testing.T) {
	dir := spectest.Shared(t, "data", "moodle")
	files, err := filepath.Glob(filepath.Join(dir, "moodle-lti11-launch-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	tls, err := filepath.Glob(filepath.Join(dir, "https", "moodle-lti11-launch-*.json"))
	if err != nil || len(files) == 0 || len(tls) == 0 {
		t.Fatalf("captures missing: %d, %d, %v", len(files), len(tls), err)
	}
	for _, file := range append(files, tls...) {
		rel, _ := filepath.Rel(dir, file)
		t.Run(rel, func(t *testing.T) { moodleLaunch(t, rel) })
	}
}

func moodleLaunch(t *testing.T, file string) {
	var c struct {
		LaunchURL string `json:"launch_url"`
		Key       string `json:"consumer_key"`
		Secret    string `json:"shared_secret"`
		Body      string `json:"raw_body"`
		Params    map[string]string
		HTTP      struct {
			Method  string
			Headers map[string]string
		}
	}
	spectest.JSON(t, &c, "data", "moodle", filepath.ToSlash(file))
	at, err := strconv.ParseInt(c.Params["oauth_timestamp"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	address, err := oauth1.ParseAddress(c.LaunchURL)
	if err != nil {
		t.Fatal(err)
	}
	target := strings.TrimPrefix(c.LaunchURL, address.Scheme+"://"+address.Host)
	v := &Verifier{
		Consumers: consumers{c.Key: holding(c.Secret)}, Clock: clock(at), Fallbacks: []oauth1.Fallback{},
		PublicURL: &url.URL{Scheme: address.Scheme, Host: address.Host},
	}
	req := &Request{Method: c.HTTP.Method, Target: target, ContentType: c.HTTP.Headers["content-type"],
		Body: []byte(c.Body), Origin: c.HTTP.Headers["origin"]}
	var want *errs.Error
	if c.Params["lti_message_type"] != "basic-lti-launch-request" {
		want = ErrMessageType // content selection: signed all the same, so the LMS may be told
	}
	got := check(t, v, req, want)
	if got == nil {
		t.Fatal("signature refused")
	}
	l := got.Launch
	if l.User.ID != c.Params["user_id"] || l.Outcome.SourcedID != c.Params["lis_result_sourcedid"] ||
		l.Outcome.ServiceURL != c.Params["lis_outcome_service_url"] ||
		l.Presentation.ReturnURL != c.Params["launch_presentation_return_url"] ||
		l.Instance.Family != "moodle" || l.Roles.Learner == strings.Contains(c.Params["roles"], "Instructor") {
		t.Errorf("launch: %+v", l)
	}
	v.Consumers = consumers{c.Key: holding(c.Secret + "x")}
	check(t, v, req, ErrSignature)
	v.Consumers, v.Clock = consumers{c.Key: holding(c.Secret)}, clock(at+301)
	check(t, v, req, ErrTimestampExpired)
}
