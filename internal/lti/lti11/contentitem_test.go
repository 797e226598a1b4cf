package lti11

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lectern/internal/errs"
	"lectern/internal/oauth1"
	"lectern/internal/spectest"
)

// TestMoodleContentItem: the request that a real Moodle sent is verified and
// read, and our answer has the shape of the one that it took.
func TestMoodleContentItem(t *testing.T) {
	var sent struct {
		LaunchURL string `json:"launch_url"`
		Key       string `json:"consumer_key"`
		Secret    string `json:"shared_secret"`
		Body      string `json:"raw_body"`
		Params    map[string]string
		HTTP      struct{ Headers map[string]string }
	}
	spectest.JSON(t, &sent, "data", "moodle", "moodle-lti11-launch-content-item.json")
	at, err := strconv.ParseInt(sent.Params["oauth_timestamp"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	address, err := oauth1.ParseAddress(sent.LaunchURL)
	if err != nil {
		t.Fatal(err)
	}
	v := &Verifier{Consumers: consumers{sent.Key: holding(sent.Secret)}, Clock: clock(at), PublicURL: &url.URL{Scheme: "http", Host: address.Host}}
	req := &Request{
		Method: "POST", Target: address.Path, ContentType: sent.HTTP.Headers["content-type"], Body: []byte(sent.Body),
	}
	if req.MessageType() != ContentItemRequest {
		t.Fatalf("message type %q", req.MessageType())
	}
	got, err := v.VerifyMessage(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	r, err := got.ItemRequest()
	if err != nil {
		t.Fatal(err)
	}
	want := &ItemRequest{
		ReturnURL: sent.Params["content_item_return_url"], Targets: []string{"frame", "iframe", "window"}, Multiple: true,
		Title: "Product 1.1 content item",
	}
	if !reflect.DeepEqual(r, want) || !got.Launch.Roles.Staff || r.Target() != "iframe" {
		t.Errorf("request %+v, want %+v", r, want)
	}

	answersMoodle(t, r, oauth1.Signer{Key: sent.Key, Secret: sent.Secret, Clock: clock(at)})
}

// answersMoodle compares our answer with the one that Moodle took.
func answersMoodle(t *testing.T, r *ItemRequest, s oauth1.Signer) {
	t.Helper()
	var took struct {
		ReturnURL string `json:"return_url"`
		Params    map[string]string
	}
	spectest.JSON(t, &took, "data", "moodle", "moodle-lti11-content-item-response.json")
	var item struct {
		Graph []struct{ URL, Title, Text string } `json:"@graph"`
	}
	if err := json.Unmarshal([]byte(took.Params["content_items"]), &item); err != nil || len(item.Graph) != 1 {
		t.Fatalf("capture: %v", err)
	}
	g := item.Graph[0]
	form, err := ItemAnswer{Items: []Item{{URL: g.URL, Title: g.Title, Text: g.Text, Target: "iframe", Points: 10}}}.Form(r, s)
	if err != nil {
		t.Fatal(err)
	}
	for name := range took.Params {
		if last(form, name) == "" {
			t.Errorf("our answer lacks %s", name)
		}
	}
	var ours, theirs any
	if err := json.Unmarshal([]byte(last(form, "content_items")), &ours); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(took.Params["content_items"]), &theirs); err != nil {
		t.Fatal(err)
	}
	delete(ours.(map[string]any)["@graph"].([]any)[0].(map[string]any), "@id")
	if !reflect.DeepEqual(ours, theirs) {
		t.Errorf("items\n%v\nwhat Moodle took\n%v", ours, theirs)
	}
	verifyAnswer(t, r.ReturnURL, form, s.Key, s.Secret)
}

// verifyAnswer checks the signature of an answer as the LMS does: over the
// return address with its query and all of the form.
func verifyAnswer(t *testing.T, returnURL string, form []oauth1.Pair, key, secret string) {
	t.Helper()
	a, err := oauth1.ParseAddress(returnURL)
	if err != nil {
		t.Fatal(err)
	}
	query, err := oauth1.ParseForm([]byte(a.RawQuery), oauth1.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m := oauth1.Message{Method: "POST", Address: a, Query: query, Form: form}
	if _, err := m.Verify([]string{secret}, oauth1.Options{}); err != nil || last(form, "oauth_consumer_key") != key {
		t.Errorf("signature: %v", err)
	}
	if _, err := m.Verify([]string{secret + "x"}, oauth1.Options{}); err == nil {
		t.Error("any secret signs it")
	}
}

func asks(t *testing.T, changes ...change) (*ItemRequest, error) {
	t.Helper()
	all := append([]change{
		set("lti_message_type", ContentItemRequest), drop("resource_link_id"), drop("context_id"), drop("user_id"),
		add("accept_media_types", "application/vnd.ims.lti.v1.ltilink"), add("accept_presentation_document_targets", "window"),
		add("content_item_return_url", "https://lms.example/back?x=1"),
	}, changes...)
	v, err := verifier().VerifyMessage(t.Context(), signed(t, "/lti_provider/content_item", all...))
	if err != nil {
		t.Fatalf("a request needs neither user nor course: %v", err)
	}
	return v.ItemRequest()
}

func TestItemRequest(t *testing.T) {
	for _, tt := range []struct {
		name, accept string
		ok           bool
	}{
		{"exact", "application/vnd.ims.lti.v1.ltilink", true},
		{"everything", "*/*", true},
		{"all but links", "application/vnd.ims.lti.v1.ltilink; q=0, */*", false},
		{"links although not the rest", "*/*;q=0, application/vnd.ims.lti.v1.ltilink;q=0.5", true},
		{"pictures", "image/*, text/html", false},
		{"by major type", "application/*", true},
		{"unsaid", "", true},
		{"nonsense", ";;;,", false},
	} {
		_, err := asks(t, set("accept_media_types", tt.accept))
		want := ErrItemType
		if tt.ok {
			want = nil
		}
		t.Run(tt.name, func(t *testing.T) { wantCode(t, err, want) })
	}
	for _, back := range []string{"", "javascript:alert(1)", "//lms.example/x", "https://", "ftp://x/y", "https://u:p@lms.example/", "https://lms.example/a b"} {
		_, err := asks(t, set("content_item_return_url", back))
		wantCode(t, err, ErrItemReturn)
	}
	_, err := asks(t, set("lti_message_type", "basic-lti-launch-request"))
	wantCode(t, err, ErrMessageType)
	r, err := asks(t, add("data", strings.Repeat("x", maxData+1)))
	if wantCode(t, err, ErrItemData); r == nil || r.HasData {
		t.Errorf("too much data: %+v", r)
	}
	r, err = asks(t, add("data", ""), add("accept_multiple", "TRUE"), add("auto_create", "true"), add("title", "$Title"))
	if err != nil || !r.Multiple || !r.AutoCreate || !r.HasData || r.Title != "" || r.Target() != "window" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := asks(t, set("accept_presentation_document_targets", "embed, none")); err != nil || r.Target() != "" {
		t.Errorf("no target of ours: %+v, %v", r, err)
	}
}

func TestItemAnswer(t *testing.T) {
	r := &ItemRequest{ReturnURL: "https://lms.example/back?x=1&y=%20", Data: "a+b &é", HasData: true}
	s := oauth1.Signer{Key: "k", Secret: "s"}
	form, err := ItemAnswer{Msg: "Nothing was chosen."}.Form(r, s)
	if err != nil || has(form, "content_items") || last(form, "data") != r.Data || last(form, "lti_msg") != "Nothing was chosen." {
		t.Errorf("cancelled: %v, %v", form, err)
	}
	verifyAnswer(t, r.ReturnURL, form, "k", "s")
	form, err = ItemAnswer{Error: strings.Repeat("é", 300), Log: "a\nb"}.Form(&ItemRequest{ReturnURL: r.ReturnURL}, s)
	if err != nil || has(form, "data") || len([]rune(last(form, "lti_errormsg"))) != 255 || last(form, "lti_errorlog") != "a b" {
		t.Errorf("refused: %v, %v", form, err)
	}
	form, err = ItemAnswer{Items: []Item{
		{URL: "https://x/1", Title: "A & <b>", Points: 2.5, Activity: "block-v1:a", Custom: []oauth1.Pair{{Name: "usage_id", Value: "u"}}},
		{URL: "https://x/2", Title: "B"},
	}}.Form(r, s)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"@context":"http://purl.imsglobal.org/ctx/lti/v1/ContentItem","@graph":[` +
		`{"@type":"LtiLinkItem","@id":":item1","mediaType":"application/vnd.ims.lti.v1.ltilink","url":"https://x/1","title":"A \u0026 \u003cb\u003e",` +
		`"custom":{"usage_id":"u"},"lineItem":{"@type":"LineItem","label":"A \u0026 \u003cb\u003e","reportingMethod":"res:totalScore",` +
		`"assignedActivity":{"activityId":"block-v1:a"},"maximumScore":2.5,"scoreConstraints":{"@type":"NumericLimits","normalMaximum":2.5}}},` +
		`{"@type":"LtiLinkItem","@id":":item2","mediaType":"application/vnd.ims.lti.v1.ltilink","url":"https://x/2","title":"B"}]}`
	if got := last(form, "content_items"); got != want {
		t.Errorf("items\n%s\nwant\n%s", got, want)
	}
	verifyAnswer(t, r.ReturnURL, form, "k", "s")
	if slices.Contains(form, oauth1.Pair{Name: "oauth_signature", Value: ""}) {
		t.Error("unsigned")
	}
}

// FuzzItemRequest: whatever an LMS signs is read or refused, and what is read
// can be answered.
func FuzzItemRequest(f *testing.F) {
	f.Add("application/vnd.ims.lti.v1.ltilink;q=0.1,*/*;q=x", "iframe,,WINDOW", "https://lms.example/a?b", "data")
	f.Add("", "", "http://[::1", "\x00")
	f.Fuzz(func(t *testing.T, accept, targets, back, data string) {
		v := &Verified{form: []oauth1.Pair{
			{Name: "lti_message_type", Value: ContentItemRequest}, {Name: "accept_media_types", Value: accept},
			{Name: "accept_presentation_document_targets", Value: targets}, {Name: "content_item_return_url", Value: back},
			{Name: "data", Value: data},
		}}
		r, err := v.ItemRequest()
		if err != nil {
			if errs.From(err).Kind == errs.Internal {
				t.Fatalf("nobody's fault: %v", err)
			}
			return
		}
		if u, err := url.Parse(r.ReturnURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			t.Fatalf("would answer to %q", r.ReturnURL)
		}
		if _, err := (ItemAnswer{Items: []Item{{URL: "https://x", Title: data}}}).Form(r, oauth1.Signer{Key: "k", Secret: "s"}); err != nil {
			t.Fatal(err)
		}
	})
}
