package oauth1

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Signer signs outgoing requests for one consumer.
type Signer struct {
	Key    string
	Secret string
	Method Method           // HMACSHA1 when empty
	Clock  func() time.Time // time.Now when nil
	Nonce  func() string    // 128 random bits when nil
}

// Header returns the Authorization header of a service call with body, which
// is not a form [OAuth1 §3.5.1, OAuth Body Hash §4.1]. The query of address is
// part of the signature.
func (s Signer) Header(method, address string, body []byte) (string, error) {
	m, err := s.message(method, address)
	if err != nil {
		return "", err
	}
	h := s.method().hash()()
	h.Write(body)
	m.Form = append(s.protocol(), Pair{"oauth_body_hash", base64.StdEncoding.EncodeToString(h.Sum(nil))})
	m.Form = append(m.Form, Pair{signatureName, s.method().Sign(s.Secret, m.BaseString())})
	fields := make([]string, len(m.Form))
	for i, p := range m.Form {
		fields[i] = fmt.Sprintf(`%s="%s"`, p.Name, Encode(p.Value))
	}
	return "OAuth " + strings.Join(fields, ", "), nil
}

// Form returns form with the OAuth parameters and the signature of posting it
// to address, whose query is part of the signature and stays in the address.
func (s Signer) Form(address string, form []Pair) ([]Pair, error) {
	m, err := s.message("POST", address)
	if err != nil {
		return nil, err
	}
	m.Form = append(append(m.Form, form...), s.protocol()...)
	return append(m.Form, Pair{signatureName, s.method().Sign(s.Secret, m.BaseString())}), nil
}

func (s Signer) message(method, address string) (*Message, error) {
	if !s.method().Valid() {
		return nil, ErrMethod
	}
	a, err := ParseAddress(address)
	if err != nil {
		return nil, err
	}
	query, err := ParseForm([]byte(a.RawQuery), Limits{})
	if err != nil {
		return nil, fmt.Errorf("query of the address: %w", err)
	}
	return &Message{Method: method, Address: a, Query: query}, nil
}

// protocol returns the OAuth parameters in the order Open edX sends them.
func (s Signer) protocol() []Pair {
	now, nonce := time.Now, rand.Text
	if s.Clock != nil {
		now = s.Clock
	}
	if s.Nonce != nil {
		nonce = s.Nonce
	}
	return []Pair{
		{"oauth_nonce", nonce()},
		{"oauth_timestamp", strconv.FormatInt(now().Unix(), 10)},
		{"oauth_version", "1.0"},
		{"oauth_signature_method", string(s.method())},
		{"oauth_consumer_key", s.Key},
	}
}

func (s Signer) method() Method {
	if s.Method == "" {
		return HMACSHA1
	}
	return s.Method
}
