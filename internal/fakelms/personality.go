package fakelms

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Style chooses one of the spellings that real LMSs use for one thing. Which
// number means what is said at the field.
type Style int

// Personality is everything the standards leave to the LMS. The zero value of
// each field is what Moodle does.
type Personality struct {
	Seed            uint64
	Family          string // tool_consumer_info_product_family_code
	Version         string // tool_consumer_info_version
	SignatureMethod string // HMAC-SHA1, or HMAC-SHA256 as a Sakai tool can ask for
	Callback        bool   // sends oauth_callback=about:blank
	QueryInBody     bool   // copies the launch address's query into the form, signs it once

	Order     Style // 0 as written, 1 shuffled, 2 sorted, 3 OAuth first
	LowerHex  bool  // %2b instead of %2B in bodies the LMS posts itself
	Percent20 bool  // %20 instead of + in bodies the LMS posts itself
	Nonce     Style // 0 hex, 1 digits, 2 UUID, 3 base64 with + and /

	UserID    Style // 0 small integer, 1 UUID, 2 40 hex digits, 3 with blanks and punctuation, 4 32 hex digits
	LinkID    Style // 0 small integer, 1 40 hex digits, 2 _74321_1, 3 content:7
	Roles     Style // 0 bare, 1 full URNs, 2 several with spaces, 3 Student,Learner, 4 lower case
	GUID      Style // 0 32 hex digits, 1 host name, 2 empty, 3 absent, 4 with a blank
	Privacy   Style // 0 name and e-mail, 1 e-mail only, 2 name only, 3 nothing, 4 empty values
	Sourcedid Style // 0 JSON per launch, 1 hash:::user:::link, 2 several hundred base64 characters, 3 stable words, 4 bbgc42gi17, 5 UUID
	Staff     bool  // teachers get a sourcedid too
	Terse     bool  // titles, labels and presentation are missing
	Plain     bool  // one-line descriptions; otherwise several lines with CRLF and markup
	Return    Style // 0 with a query, 1 without, 2 empty, 3 absent
	Locale    string
	Extras    Style // 0 ext_ of Moodle, 1 custom_ of Canvas, 2 submit button of Brightspace, 3 none, 4 ext_ of Blackboard, 5 ext_ of Sakai

	OneItem    bool // takes one piece of chosen content at a time
	ItemData   bool // sends data with a request for content, which must come back
	AutoCreate bool // says that chosen content is added at once

	OutcomePath   string // path of the outcome service, may have a query
	AnswerType    string // content type of its answers
	FailureStatus int    // HTTP status of an answer that says failure
	PrettyXML     bool   // answers are indented
	XMLPrefix     string // prefix of the namespace in answers; empty: default namespace
	WithRequest   bool   // operationRef says replaceResultRequest, not replaceResult
	StackLines    bool   // descriptions of failures carry lines of a stack trace
	FutureLimit   time.Duration
}

// Draw returns the personality of a seed: always the same for the same seed.
// Every choice is made on its own, so that combinations occur that no LMS of
// today has. Seed 0 is Moodle as observed.
func Draw(seed uint64) Personality {
	p := Personality{
		Seed: seed, Family: "moodle", Version: "2024100706", SignatureMethod: hmacSHA1, Callback: true,
		Staff: true, Locale: "en", OutcomePath: "/mod/lti/service.php", AnswerType: "text/html; charset=utf-8",
		FailureStatus: 200, WithRequest: true, StackLines: true, FutureLimit: time.Hour,
	}
	if seed == 0 {
		return p
	}
	d := dice{rand.New(rand.NewPCG(seed, 0x1ec7e24))} //nolint:gosec // variety, not secrecy
	p.Family = pick(d, "moodle", "canvas", "desire2learn", "sakai", "BlackboardLearn", "Sample LMS")
	p.Version = pick(d, "2024100706", "cloud", "", "23.1", "3900.84.0-rel.12+abc")
	p.SignatureMethod = pick(d, hmacSHA1, hmacSHA1, hmacSHA1, hmacSHA256)
	p.Callback, p.QueryInBody = d.coin(), d.coin()
	p.Order, p.LowerHex, p.Percent20, p.Nonce = d.style(4), d.coin(), d.coin(), d.style(4)
	p.UserID, p.LinkID, p.Roles, p.GUID = d.style(4), d.style(4), d.style(5), d.style(5)
	p.Privacy, p.Sourcedid, p.Staff = d.style(5), d.style(4), d.coin()
	p.Terse, p.Plain, p.Return, p.Extras = d.coin(), d.coin(), d.style(4), d.style(4)
	p.Locale = pick(d, "en", "en-US", "en_US", "EN-US__", "de", "")
	p.OutcomePath = pick(d, "/mod/lti/service.php", "/api/lti/v1/tools/71/grade_passback",
		"/webapps/gradebook/lti11grade", "/imsblis/service/?tool=7&lang=en%20GB")
	p.AnswerType = pick(d, "text/html; charset=utf-8", "application/xml", "text/xml;charset=UTF-8", "")
	p.FailureStatus = pick(d, 200, 200, 422, 400)
	p.PrettyXML, p.XMLPrefix = d.coin(), pick(d, "", "", "ns1", "imsx")
	p.WithRequest, p.StackLines = d.coin(), d.coin()
	p.FutureLimit = pick(d, time.Minute, 5*time.Minute, time.Hour)
	p.OneItem, p.ItemData, p.AutoCreate = d.coin(), d.coin(), d.coin()
	return p
}

type dice struct{ *rand.Rand }

func (d dice) coin() bool        { return d.IntN(2) == 1 }
func (d dice) style(n int) Style { return Style(d.IntN(n)) }

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// arrange puts parameters into the personality's order. The signature does not
// depend on it [OAuth1 §3.4.1.3.2], so tools must not either.
func (p Personality) arrange(pairs []Pair) []Pair {
	pairs = slices.Clone(pairs)
	switch p.Order {
	case 1:
		r := rand.New(rand.NewPCG(p.Seed, uint64(len(pairs)))) //nolint:gosec // variety, not secrecy
		r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	case 2:
		slices.SortStableFunc(pairs, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
	case 3:
		slices.SortStableFunc(pairs, func(a, b Pair) int {
			return rank(a.Name) - rank(b.Name)
		})
	}
	return pairs
}

func rank(name string) int {
	if strings.HasPrefix(name, "oauth_") {
		return 0
	}
	return 1
}

// spell encodes a name or value for a form body.
func (p Personality) spell(s string) string {
	out := escape(s)
	if p.LowerHex {
		out = lowerEscapes(out)
	}
	if !p.Percent20 {
		out = strings.ReplaceAll(out, "%20", "+")
	}
	return out
}

func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// digest returns 32 bytes that depend on the seed and on s alone.
func (p Personality) digest(s string) []byte {
	sum := sha256.Sum256([]byte(strconv.FormatUint(p.Seed, 10) + "\x00" + s))
	return sum[:]
}

// nonce returns a nonce that differs for every launch and every moment.
func (p Personality) nonce(serial uint64, at time.Time) string {
	sum := p.digest("nonce" + strconv.FormatUint(serial, 10) + at.Format(time.RFC3339Nano))
	switch p.Nonce {
	case 1:
		return strconv.FormatInt(at.UnixNano(), 10) + strconv.FormatUint(serial, 10)
	case 2:
		return uuid(sum)
	case 3:
		return base64.StdEncoding.EncodeToString(sum)
	}
	return hex.EncodeToString(sum[:16])
}

func uuid(sum []byte) string {
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}
