// Package lti11 is the tool side of LTI 1.0 to 1.2: it verifies launches and
// reports scores by Basic Outcomes.
//
// A launch is one signed form. [Verifier.Verify] believes nothing of it until
// the signature holds: names present, consumer by key, OAuth syntax, signature
// (raw address first, then the named fallbacks of package oauth1), clock, and
// only then what the message says. It writes nothing: the caller stores
// [Verified.Nonce] in the transaction that opens the session and lets [Judge]
// rule on a nonce seen before.
//
// A score is one POX document with a body hash. [ReplaceResult] sends it and
// sorts the answer into a [Class] that says what to do next.
//
// The package talks to LMSs, never to the database: callers supply
// [Consumers]. It does not know which address means which content. Departures
// from Open edX and from the standards are in docs/divergences.md.
package lti11
