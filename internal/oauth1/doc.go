// Package oauth1 is the part of RFC 5849 that LTI 1.x needs: two-legged
// requests signed with HMAC.
//
// A [Message] is a request as it travelled: method, address as the sender knew
// it, and ordered pairs of query and form. [Message.Verify] compares its
// signature with the strict base string [OAuth1 §3.4.1] and then, one by one,
// with the named [Fallback] forms that real LMSs sign. [Message.Diagnose] says
// what else would have matched, for the operator only. [Signer] signs service
// calls (header with body hash) and forms.
//
// The package knows no HTTP framework, no clock window and no nonce store; it
// refuses PLAINTEXT and RSA. Forms are parsed by hand because net/url drops
// pairs with a raw ";" and fails on broken escapes, which signers do not.
package oauth1
