package fakelms

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"lectern/internal/spectest"
)

// The example of [OAuth1 §3.4.1.1]; its normalized form is in §3.4.1.3.2.
func TestBaseStringOfRFC5849(t *testing.T) {
	pairs := append(parsePairs("b5=%3D%253D&a3=a&c%40=&a2=r%20b"), parsePairs("c2&a3=2+q")...)
	pairs = append(pairs,
		Pair{"oauth_consumer_key", "9djdj82h48djs9d2"}, Pair{"oauth_token", "kkk9d7dh3k39sjv7"},
		Pair{"oauth_signature_method", "HMAC-SHA1"}, Pair{"oauth_timestamp", "137131201"},
		Pair{"oauth_nonce", "7d8f3e4a"})
	target, err := splitURL("http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b")
	if err != nil {
		t.Fatal(err)
	}
	want := "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D" +
		"%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a" +
		"%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
	if got := baseString("post", target, pairs); got != want {
		t.Errorf("base string\n got %s\nwant %s", got, want)
	}
}

// The first request of [OAuth1 §1.2], which has no token, like a launch.
func TestSignatureOfRFC5849(t *testing.T) {
	oauth, err := oauthHeader([]string{`OAuth realm="Photos",
        oauth_consumer_key="dpf43f3p2l4k3l03",
        oauth_signature_method="HMAC-SHA1",
        oauth_timestamp="137131200",
        oauth_nonce="wIjqoS",
        oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready",
        oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"`})
	if err != nil {
		t.Fatal(err)
	}
	want := oauth["oauth_signature"]
	var pairs []Pair
	for name, value := range oauth {
		if name != "realm" && name != "oauth_signature" {
			pairs = append(pairs, Pair{name, value})
		}
	}
	target, err := splitURL("https://photos.example.net/initiate")
	if err != nil {
		t.Fatal(err)
	}
	if got := signature(hmacSHA1, "POST", target, pairs, "kd94hf93k423kf44"); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

// testdata/signatures.json was computed by a program in another language that
// shares nothing with this package.
func TestSignatureVectors(t *testing.T) {
	var vectors []struct {
		Title, URL, Method, Secret, Base, Signature string
		Pairs                                       [][2]string
	}
	b, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.Title, func(t *testing.T) {
			target, err := splitURL(v.URL)
			if err != nil {
				t.Fatal(err)
			}
			pairs := pairsOf(v.Pairs)
			if got := baseString("POST", target, pairs); got != v.Base {
				t.Errorf("base string\n got %s\nwant %s", got, v.Base)
			}
			if got := signature(v.Method, "POST", target, pairs, v.Secret); got != v.Signature {
				t.Errorf("signature %s, want %s", got, v.Signature)
			}
		})
	}
}

func pairsOf(list [][2]string) []Pair {
	pairs := make([]Pair, len(list))
	for i, p := range list {
		pairs[i] = Pair{p[0], p[1]}
	}
	return pairs
}

// Every launch of the reference data that is valid as it stands must come out
// the same when signed here.
func TestSharedSignatures(t *testing.T) {
	var data struct {
		Vectors []struct {
			ID, Kind, Expect, Signature string
			Method                      string      `json:"signature_method"`
			Secret                      string      `json:"consumer_secret"`
			TokenSecret                 string      `json:"token_secret"`
			Pairs                       [][2]string `json:"signed_params"`
			URI                         string      `json:"base_string_uri"`
			Request                     struct{ Method string }
		}
	}
	spectest.JSON(t, &data, "data", "oauth1-vectors.json")
	checked := 0
	for _, v := range data.Vectors {
		if v.Expect != "valid" || v.TokenSecret != "" || (v.Method != hmacSHA1 && v.Method != hmacSHA256) {
			continue
		}
		target, err := splitURL(v.URI)
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		checked++
		if got := signature(v.Method, v.Request.Method, target, pairsOf(v.Pairs), v.Secret); got != v.Signature {
			t.Errorf("%s: signature %s, want %s", v.ID, got, v.Signature)
		}
	}
	if checked < 15 {
		t.Errorf("checked %d vectors, want at least 15", checked)
	}
}

func TestSplitURLRefuses(t *testing.T) {
	for _, raw := range []string{"", "tool.example/x", "/x", "javascript:alert(1)", "ftp://tool.example/", "http:///x", "http://%zz/"} {
		if got, err := splitURL(raw); err == nil {
			t.Errorf("splitURL(%q) = %+v, want an error", raw, got)
		}
	}
}

func TestPersonalities(t *testing.T) {
	if p := Draw(0); p.Family != "moodle" || p.OutcomePath != "/mod/lti/service.php" || p.FailureStatus != 200 {
		t.Errorf("seed 0 is not Moodle: %+v", p)
	}
	families, orders, sourcedids := map[string]bool{}, map[Style]bool{}, map[Style]bool{}
	for seed := range uint64(64) {
		p, again := Draw(seed), Draw(seed)
		if p != again {
			t.Errorf("seed %d gives two personalities", seed)
		}
		families[p.Family], orders[p.Order], sourcedids[p.Sourcedid] = true, true, true
	}
	if len(families) < 5 || len(orders) != 4 || len(sourcedids) != 4 {
		t.Errorf("64 seeds give only %d families, %d orders, %d sourcedid styles", len(families), len(orders), len(sourcedids))
	}
}

// A launch is checked here with a normalization written the long way round:
// decode the body, sign what arrived.
func TestLaunchOfEverySeed(t *testing.T) {
	for seed := range uint64(200) {
		l := newLMS(t, Options{Seed: seed, Links: []Link{
			{ID: "a", Title: "Ünit <1>", LaunchURL: "http://localhost:8080/lti_provider/courses/c-v1:A+B+C/p@x", Graded: true},
			{ID: "q", Title: "Query", LaunchURL: "http://localhost/lti?course=a%20b&x=1&x=2", Graded: true},
		}})
		for _, link := range []string{"a", "q"} {
			form, err := l.Launch("ana", link)
			if err != nil {
				t.Fatal(err)
			}
			checkLaunch(t, form, l.personality)
			again, err := l.Launch("ana", link)
			if err != nil {
				t.Fatal(err)
			}
			if again.Get("oauth_nonce") == form.Get("oauth_nonce") {
				t.Errorf("seed %d: two launches share a nonce", seed)
			}
			if again.Get("user_id") != form.Get("user_id") {
				t.Errorf("seed %d: user_id changed", seed)
			}
		}
	}
}

func checkLaunch(t *testing.T, form Form, p Personality) {
	t.Helper()
	target, err := splitURL(form.URL)
	if err != nil {
		t.Fatal(err)
	}
	arrived := parsePairs(form.Body())
	if !slices.Equal(arrived, form.Pairs) {
		t.Fatalf("seed %d: body %q does not decode to what was signed", p.Seed, form.Body())
	}
	signed := slices.DeleteFunc(slices.Clone(arrived), func(q Pair) bool { return q.Name == "oauth_signature" })
	if !p.QueryInBody {
		signed = append(signed, parsePairs(target.query)...)
	}
	if got := signature(p.SignatureMethod, "POST", target, signed, "s"); got != form.Get("oauth_signature") {
		t.Errorf("seed %d: signature %q does not verify, want %q", p.Seed, form.Get("oauth_signature"), got)
	}
	for _, name := range []string{"roles", "context_id", "user_id", "oauth_version", "oauth_consumer_key",
		"oauth_signature_method", "oauth_timestamp", "oauth_nonce", "resource_link_id", "lis_result_sourcedid"} {
		if form.Get(name) == "" {
			t.Errorf("seed %d: no %s", p.Seed, name)
		}
	}
}

func TestSpelling(t *testing.T) {
	for _, tt := range []struct {
		p    Personality
		want string
	}{
		{Personality{}, "a+b%2Bc%C3%A9"},
		{Personality{Percent20: true}, "a%20b%2Bc%C3%A9"},
		{Personality{LowerHex: true}, "a+b%2bc%c3%a9"},
	} {
		if got := tt.p.spell("a b+cé"); got != tt.want {
			t.Errorf("spell = %q, want %q", got, tt.want)
		}
	}
}

func newLMS(t testing.TB, o Options) *LMS {
	t.Helper()
	o.Key, o.Secret = "k", "s"
	if o.BaseURL == "" {
		o.BaseURL = "http://127.0.0.1:8090"
	}
	if o.Links == nil {
		o.Links = []Link{
			{ID: "p1", Title: "Problem", LaunchURL: "http://localhost:8080/x", Graded: true},
			{ID: "h1", Title: "Reading", LaunchURL: "http://localhost:8080/y"},
		}
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func FuzzParsePairs(f *testing.F) {
	f.Add("a=1&b=%zz&c&=&%41=+")
	f.Fuzz(func(t *testing.T, raw string) {
		for _, p := range parsePairs(raw) {
			if escaped := escape(p.Name); strings.ContainsAny(escaped, "&= +") {
				t.Errorf("escape(%q) = %q", p.Name, escaped)
			}
		}
	})
}
