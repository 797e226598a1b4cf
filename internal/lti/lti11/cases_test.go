package lti11

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"

	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/oauth1"
)

const known = "GfGJc6g2RjpU2TliFlgq5Sx3SGY=" // signature of basics()

func raw(body string) *Request {
	req := unsigned(testPath)
	req.Body = []byte(body)
	return req
}

// body is what the known answer looks like on the wire.
const body = "lti_message_type=basic-lti-launch-request&lti_version=LTI-1p0&resource_link_id=rl-1&user_id=LTI_User" +
	"&roles=Instructor%2Curn%3Alti%3Ainstrole%3Aims%2Flis%2FAdministrator&context_id=lti_launch_context_id" +
	"&oauth_consumer_key=test-key&oauth_nonce=nonce-0001&oauth_signature_method=HMAC-SHA1" +
	"&oauth_timestamp=1700000000&oauth_version=1.0&oauth_signature=GfGJc6g2RjpU2TliFlgq5Sx3SGY%3D"

// TestGates covers the order and the codes of the checks.
func TestGates(t *testing.T) {
	t.Run("T1 nine parameters, good signature", func(t *testing.T) {
		got := check(t, verifier(), raw(body), nil)
		if got.Launch.User.ID != "LTI_User" || got.Launch.Context.ID != "lti_launch_context_id" || !got.Launch.Roles.Staff {
			t.Errorf("launch %+v", got.Launch)
		}
	})
	for i, name := range []string{
		"roles", "context_id", "oauth_version", "oauth_consumer_key", "oauth_signature",
		"oauth_signature_method", "oauth_timestamp", "oauth_nonce", "user_id",
	} {
		t.Run("T"+string(rune('4'+i))+" without "+name, func(t *testing.T) {
			_, err := verifier().Verify(t.Context(), given(testPath, known, drop(name), func(f []oauth1.Pair) []oauth1.Pair {
				if name == "oauth_signature" {
					return drop("oauth_signature")(f)
				}
				return f
			}))
			if name == "oauth_signature" {
				_, err = verifier().Verify(t.Context(), unsigned(testPath))
			}
			wantCode(t, err, ErrMissing)
			if !strings.Contains(errs.From(err).Public, name) {
				t.Errorf("the page does not name %s: %s", name, errs.From(err).Public)
			}
		})
	}
	t.Run("T12 all nine missing are named", func(t *testing.T) {
		_, err := verifier().Verify(t.Context(), raw(""))
		wantCode(t, err, ErrMissing)
		if n := strings.Count(errs.From(err).Public, ","); n != 8 {
			t.Errorf("%d commas in %q, want 8", n, errs.From(err).Public)
		}
	})
	for _, tt := range []struct {
		name string
		req  *Request
		want *errs.Error
	}{
		{"T13 context_id empty", signed(t, testPath, set("context_id", "")), nil},
		{"T14 user_id empty", signed(t, testPath, set("user_id", "")), ErrUserMissing},
		{"T14 user_id unresolved", signed(t, testPath, set("user_id", "$User.id")), ErrUserMissing},
		{"T16 bad signature", given(testPath, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="), ErrSignature},
		{"T21 unknown key", signed(t, testPath, set("oauth_consumer_key", "nobody")), ErrConsumerUnknown},
		{"T22 unknown key, some GUID", signed(t, testPath, set("oauth_consumer_key", "nobody"),
			set("tool_consumer_instance_guid", "g-1")), ErrConsumerUnknown},
		{"T23 missing before unknown key", unsigned(testPath, set("oauth_consumer_key", "nobody")), ErrMissing},
		{"T32 no version, type and link", signed(t, testPath, drop("lti_version"), drop("lti_message_type"),
			drop("resource_link_id")), nil},
		{"T32 another message type", signed(t, testPath, set("lti_message_type", "ContentItemSelectionRequest")), ErrMessageType},
		{"T33 user_id twice", signed(t, testPath, add("user_id", "b")), ErrAmbiguous},
		{"T33 user_id twice, the same", signed(t, testPath, add("user_id", "LTI_User")), ErrAmbiguous},
		{"roles twice", signed(t, testPath, add("roles", "Learner")), ErrAmbiguous},
		{"context_id twice", signed(t, testPath, add("context_id", "x")), ErrAmbiguous},
		{"e-mail twice", signed(t, testPath, add("lis_person_contact_email_primary", "a@x"),
			add("lis_person_contact_email_primary", "b@x")), ErrAmbiguous},
		{"user_id in address and form differ", signed(t, testPath+"?user_id=b"), ErrAmbiguous},
		{"user_id in the address only", signed(t, testPath+"?user_id=b", drop("user_id")), ErrMissing},
	} {
		t.Run(tt.name, func(t *testing.T) { check(t, verifier(), tt.req, tt.want) })
	}
}

// TestMoreGates covers consumers and requests that are no launch at all.
func TestMoreGates(t *testing.T) {
	disabled := holding(testSecret)
	disabled.Enabled = false
	down := fakeConsumer{err: errors.New("database is down")}
	notFound := fakeConsumer{err: errs.New(errs.NotFound, "consumer_unknown", "", "", "")}
	for _, tt := range []struct {
		name string
		c    fakeConsumer
		want *errs.Error
	}{
		{"T15 consumer disabled", disabled, ErrConsumerDisabled},
		{"T75 store down fails closed", down, ErrUnavailable},
		{"unknown as an error", notFound, ErrConsumerUnknown},
		{"secret of another", holding("other"), ErrSignature},
		{"no secret at all", holding(), ErrSignature},
		{"empty secret is no secret", holding(""), ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := verifier()
			v.Consumers = consumers{testKey: tt.c}
			check(t, v, raw(body), tt.want)
		})
	}
	for _, method := range []string{"GET", "HEAD", "PUT"} {
		t.Run("T28 "+method+" without a form", func(t *testing.T) {
			check(t, verifier(), &Request{Method: method, Target: testPath, Facts: Facts{Host: "h"}}, ErrMissing)
		})
	}
	t.Run("T74 form with GET is signed as GET", func(t *testing.T) {
		req := raw(body)
		req.Method = "GET"
		check(t, verifier(), req, ErrSignature)
	})
	t.Run("previous secret during a rotation", func(t *testing.T) {
		v := verifier()
		v.Consumers = consumers{testKey: holding("new", testSecret)}
		if got := check(t, v, raw(body), nil); got.Secret != lti.Previous {
			t.Errorf("secret %s", got.Secret)
		}
	})
	t.Run("refusals say who and why, to the operator only", func(t *testing.T) {
		_, err := verifier().Verify(t.Context(), given("http://x"+testPath, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="))
		var r *Refusal
		if !errors.As(err, &r) || r.Consumer == nil || r.Key != testKey || !r.Diagnosed || r.Advice == "" {
			t.Errorf("refusal %+v", r)
		}
		if got := last(r.Sent.Form, "user_id"); got != "LTI_User" || r.Sent.Address.Path != testPath {
			t.Errorf("sent %+v", r.Sent)
		}
		if strings.Contains(err.Error(), "LTI_User") || strings.Contains(err.Error(), testSecret) {
			t.Errorf("the log line holds a value: %v", err)
		}
	})
}

// TestValidator covers keys, nonces and clock.
func TestValidator(t *testing.T) {
	long := func(n int) string { return strings.Repeat("k", n) }
	key := func(k string) *Request { return signed(t, testPath, set("oauth_consumer_key", k)) }
	nonce := func(n string) *Request { return signed(t, testPath, set("oauth_nonce", n)) }
	stamp := func(s string) *Request { return signed(t, testPath, set("oauth_timestamp", s)) }
	v := verifier()
	v.Consumers = consumers{testKey: holding(testSecret), "Consumer Key": holding(testSecret), long(40): holding(testSecret),
		long(32): holding(testSecret), long(33): holding(testSecret), long(255): holding(testSecret),
		strings.Repeat("é", 255): holding(testSecret), long(256): holding(testSecret)}
	for _, tt := range []struct {
		name string
		req  *Request
		want *errs.Error
	}{
		{"T56 key with a blank", key("Consumer Key"), nil},
		{"T57 key of 40, ours takes it", key(long(40)), nil},
		{"T58 key empty", key(""), ErrConsumerUnknown},
		{"T59 key absent", signed(t, testPath, drop("oauth_consumer_key")), ErrMissing},
		{"T60 key of 32", key(long(32)), nil},
		{"T60 key of 33, ours takes it", key(long(33)), nil},
		{"key of 255", key(long(255)), nil},
		{"key of 255 letters beyond ASCII", key(strings.Repeat("é", 255)), nil},
		{"key of 256", key(long(256)), ErrConsumerUnknown},
		{"T61 nonce of 64", nonce(long(64)), nil},
		{"T62 nonce of 65, ours takes it", nonce(long(65)), nil},
		{"nonce of 255", nonce(long(255)), nil},
		{"nonce of 256", nonce(long(256)), ErrOAuthParameter},
		{"nonce with a line break", nonce("a\nb"), ErrOAuthParameter},
		{"T63 nonce empty", nonce(""), ErrOAuthParameter},
		{"T64 nonce absent", signed(t, testPath, drop("oauth_nonce")), ErrMissing},
		{"T66 now", stamp("1700000000"), nil},
		{"T68 an hour ago", stamp("1699996400"), ErrTimestampExpired},
		{"T69 in an hour", stamp("1700003600"), ErrTimestampExpired},
		{"T70 not a number", stamp("not-a-number"), ErrTimestampMalformed},
		{"T72 now - 300", stamp("1699999700"), nil},
		{"T72 now - 301", stamp("1699999699"), ErrTimestampExpired},
		{"T72 now + 300", stamp("1700000300"), nil},
		{"T72 now + 301", stamp("1700000301"), ErrTimestampExpired},
		{"timestamp empty", stamp(""), ErrTimestampMalformed},
		{"timestamp with a sign", stamp("+170000000"), ErrTimestampMalformed},
		{"timestamp with a point", stamp("17000000.0"), ErrTimestampMalformed},
		{"timestamp in other digits", stamp("١٧٠٠٠"), ErrTimestampMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) { check(t, v, tt.req, tt.want) })
	}
	t.Run("T65 the consumer of the key, its secret only", func(t *testing.T) {
		v := verifier()
		v.Consumers = consumers{"other": holding(testSecret), testKey: holding("another")}
		check(t, v, raw(body), ErrSignature)
	})
	t.Run("skew is told in words", func(t *testing.T) {
		_, err := verifier().Verify(t.Context(), stamp("1699996400"))
		if msg := errs.From(err).Public; !strings.Contains(msg, "22:13:20 UTC") || !strings.Contains(msg, "1 h earlier") {
			t.Errorf("page says %q", msg)
		}
	})
}

// TestKnownAnswers covers signatures made by another implementation.
func TestKnownAnswers(t *testing.T) {
	title := "Ünï & \"côde\" + ~tilde* 100%"
	odd := verifier()
	odd.Consumers = consumers{testKey: holding("s&cr=t é")}
	port := given(testPath, "SfpLAkrsjrNuOfK7tIeUszeUc2E=")
	port.Facts.Host = "lms.example.org:8443"
	caps := raw(body)
	caps.Facts.Host = "LMS.Example.ORG:443"
	plain := raw(body)
	plain.Facts.TLS = false
	keys := verifier()
	keys.Consumers = consumers{strings.Repeat("k", 32): holding(testSecret)}
	for _, tt := range []struct {
		name string
		v    *Verifier
		req  *Request
		want *errs.Error
	}{
		{"T77 plain", verifier(), raw(body), nil},
		{"T78 query in the address", verifier(),
			given(testPath+"?show_title=0&view=student_view", "SAfjD+6RggJQN7XJCOxIccYOfKo="), nil},
		{"T52 query added to the address", verifier(), given(testPath+"?show_title=0", known), ErrSignature},
		{"T79 odd secret and values", odd,
			given(testPath, "gNNfO8lND71eRadi6N61+RxO5jA=", add("context_title", title), add("empty", "")), nil},
		{"T80 HMAC-SHA256", verifier(), given(testPath, "PGDKwd6ejC8EShv1Pe1Jioxdg0BcaP63S3VY0CrWhc8=",
			set("oauth_signature_method", "HMAC-SHA256")), nil},
		{"T81 HMAC-SHA512", verifier(), given(testPath, "ALOqXfbZRe0RxCFXei0apIml7YURZxSh0q1cjTsdMxiTH7hEb/7iCVGCnML308FqsBAbILQ14P4W35IjEqZSNg==",
			set("oauth_signature_method", "HMAC-SHA512")), nil},
		{"T82 port 8443", verifier(), port, nil},
		{"T83 capitals and default port", verifier(), caps, nil},
		{"T84 http", verifier(), plain, ErrSignature},
		{"T85 escaped path, received escaped", verifier(), given(encodedPath, "9RYc3u8gYE9IjNX8Jb0R5tf0w7Y="), nil},
		{"T86 599 s old", verifier(), given(testPath, "6E8S+y9G5I6oPljd6Y4j/FUJLpw=",
			set("oauth_timestamp", "1699999401")), ErrTimestampExpired},
		{"T86 601 s old", verifier(), signed(t, testPath, set("oauth_timestamp", "1699999399")), ErrTimestampExpired},
		{"T87 eleven digits", verifier(), signed(t, testPath, set("oauth_timestamp", "01700000000")), ErrTimestampMalformed},
		{"T88 nonce of 64", verifier(), given(testPath, "1Y5IoafbzNyO0GKQ+Ze8IaupYmM=",
			set("oauth_nonce", strings.Repeat("n", 64))), nil},
		{"T89 key of 32", keys, given(testPath, "dOJ1pkFlNc9f5B0U6+AA1+yqSYM=",
			set("oauth_consumer_key", strings.Repeat("k", 32))), nil},
		{"T90 empty oauth_token", verifier(), given(testPath, "ZJ/iJe5WXZO+ES0EG+Sav9esWo4=", add("oauth_token", "")), nil},
		{"T90 oauth_token", verifier(), signed(t, testPath, add("oauth_token", "x")), ErrOAuthParameter},
		{"T91 callback", verifier(), given(testPath, "wm++mQnPgVBrSM9h+/LDGuDWwsA=", add("oauth_callback", "about:blank")), nil},
		{"T93 nonce twice", verifier(), raw(body + "&oauth_nonce=zzz"), ErrAmbiguous},
		{"T94 custom parameter twice", verifier(), given(testPath, "AGBelxRuqQ5icQEj8Ryde/j68mY=",
			add("custom_a", "1"), add("custom_a", "2")), nil},
		{"T97 trailing slash, tolerated as a fallback", verifier(), given(testPath+"/", known), nil},
		{"T97 another user", verifier(), given(testPath, known, set("user_id", "Other")), ErrSignature},
		{"T97 another key", verifier(), given(testPath, known, set("oauth_consumer_key", "test-kex")), ErrConsumerUnknown},
		{"T97 OAuth 1.1", verifier(), signed(t, testPath, set("oauth_version", "1.1")), ErrOAuthParameter},
		{"T98 PLAINTEXT refused", verifier(), given(testPath, "test-secret&", set("oauth_signature_method", "PLAINTEXT")), ErrMethod},
		{"T98 RSA-SHA1 refused", verifier(), given(testPath, "x", set("oauth_signature_method", "RSA-SHA1")), ErrMethod},
		{"T98 HMAC-MD5 refused", verifier(), given(testPath, "x", set("oauth_signature_method", "HMAC-MD5")), ErrMethod},
		{"T100 nonce in the address too", verifier(), signed(t, testPath+"?oauth_nonce=nonce-0001"), ErrOAuthQuery},
	} {
		t.Run(tt.name, func(t *testing.T) { check(t, tt.v, tt.req, tt.want) })
	}
}

// TestWire covers media types, encodings and paths on the wire.
func TestWire(t *testing.T) {
	media := func(m string) *Request {
		req := raw(body)
		req.ContentType = m
		return req
	}
	pathBody := func(signedPath, received string) *Request {
		req := signed(t, signedPath)
		req.Target = received
		return req
	}
	extra := func(signature, wire string) *Request {
		return raw(strings.Replace(body, "GfGJc6g2RjpU2TliFlgq5Sx3SGY%3D", url.QueryEscape(signature), 1) + wire)
	}
	const i4x = "/lti_provider/courses/edX/DemoX/2014/i4x:;_;_edX;_DemoX;_problem;_p1"
	for _, tt := range []struct {
		name string
		req  *Request
		want *errs.Error
	}{
		{"T92 charset", media("application/x-www-form-urlencoded; charset=UTF-8"), nil},
		{"T92 odd charset", media("Application/X-WWW-Form-urlencoded; charset=\"utf-8"), nil},
		{"T92 multipart", media("multipart/form-data; boundary=x"), ErrMissing},
		{"T92 no content type", media(""), ErrMissing},
		{"T92 JSON", media("application/json"), ErrMissing},
		{"T95 raw quote", extra("S7oUNrosH0YqcHEMce9BOvHjkH0=", `&x=a"b`), nil},
		{"T95 raw bar", extra("T8ybH53tBjF9mvaXhPSrH3ZveJQ=", "&x=a|b"), nil},
		{"T96 blank as +", extra("0BkHfEp4rAdEUWotxlifd5nXqcM=", "&x=a+b"), nil},
		{"T96 blank as %20", extra("0BkHfEp4rAdEUWotxlifd5nXqcM=", "&x=a%20b"), nil},
		{"T99 raw 0xFF", raw(body + "&x=\xff"), oauth1.ErrFormRaw},
		{"T99 %ff", raw(body + "&x=%ff"), ErrFormEncoding},
		{"T99 %ff and nothing else", raw("x=%ff"), ErrMissing},
		{"T99 %ff in the address", given(testPath+"?x=%ff", known), ErrFormEncoding},
		{"T85 escaped in full, received decoded", pathBody(strings.NewReplacer(":", "%3A", "+", "%2B", "@", "%40").
			Replace(testPath), testPath), nil},
		{"T101 raw semicolons", pathBody(i4x, i4x), nil},
		{"T101 semicolons escaped on the way", pathBody(i4x, strings.ReplaceAll(i4x, ";", "%3B")), nil},
		{"T101 signed as Open edX computes", pathBody(strings.ReplaceAll(i4x, ";", "%3B"), i4x), nil},
		{"10,000 pairs", raw(body + strings.Repeat("&a=1", 10_000)), oauth1.ErrFormPairs},
		{"2 MB", raw(body + "&x=" + strings.Repeat("a", 2<<20)), oauth1.ErrFormBytes},
		{"10,000 pairs in the address", given(testPath+"?"+strings.Repeat("a&", 10_000), known), oauth1.ErrFormPairs},
		{"absolute request target", pathBody(testPath, testHost+testPath), nil},
		{"no host", &Request{Method: "POST", Target: testPath, ContentType: formType, Body: []byte(body)}, ErrTarget},
	} {
		t.Run(tt.name, func(t *testing.T) { check(t, verifier(), tt.req, tt.want) })
	}
}

// TestNonces covers repeats: T67, T71, T73 and T76.
func TestNonces(t *testing.T) {
	v := verifier()
	v.Consumers = consumers{testKey: holding(testSecret), "other": holding(testSecret)}
	one := check(t, v, raw(body), nil).Nonce
	again := check(t, v, raw(body), nil).Nonce
	altered := check(t, v, signed(t, testPath, set("user_id", "Other")), nil).Nonce
	elsewhere := check(t, v, signed(t, testPath+"x"), nil).Nonce
	other := check(t, v, signed(t, testPath, set("oauth_consumer_key", "other")), nil).Nonce
	later := check(t, v, signed(t, testPath, set("oauth_timestamp", "1700000001")), nil).Nonce
	judge := func(name string, known *Nonce, now Nonce, strict bool, verdict Verdict, want *errs.Error) {
		t.Run(name, func(t *testing.T) {
			got, err := Judge(known, now, strict)
			wantCode(t, err, want)
			if want == nil && got != verdict {
				t.Errorf("verdict %d, want %d", got, verdict)
			}
		})
	}
	judge("T66 unused nonce", nil, one, false, Fresh, nil)
	judge("T66 unused nonce, strict", nil, one, true, Fresh, nil)
	judge("T76 the same launch", &one, again, false, Repeat, nil)
	judge("T67 the same launch, strict", &one, again, true, Repeat, ErrReplayed)
	judge("T67 other parameters", &one, altered, false, Repeat, ErrNonceReused)
	judge("other address", &one, elsewhere, false, Repeat, ErrNonceReused)
	if one.Key != again.Key || one.Key != altered.Key || one.Key != elsewhere.Key {
		t.Error("T67: one nonce has several keys")
	}
	if other.Key == one.Key || later.Key == one.Key {
		t.Error("T71: a nonce counts per consumer and timestamp")
	}
	t.Run("T73 kept until no clock window takes it", func(t *testing.T) {
		got := check(t, v, signed(t, testPath, set("oauth_timestamp", "1700000300")), nil).Nonce
		if until := got.ExpiresAt.Unix(); until < 1700000300+300 || until != testNow+660 {
			t.Errorf("kept until %d", until)
		}
	})
	if bytes.Contains([]byte(one.Key+one.Fingerprint), []byte("nonce-0001")) || len(one.Key) != 64 {
		t.Error("the nonce row shows its content")
	}
}
