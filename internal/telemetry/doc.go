// Package telemetry is how Lectern tells its operator what happens: one log
// line per request, and metrics.
//
// A log never holds personal data or secrets, by construction: [NewLogger]
// drops fields whose key says that they are (names, e-mail addresses, LMS user
// ids, oauth_ and lis_ parameters, tokens, cookies …) at any depth, prints no
// structures whose fields it cannot see, and cuts session tokens and handles
// out of addresses. Handlers add fields to the request's line with [Add] and
// write no lines of their own.
//
// [Metrics] has a registry of its own. Labels are bounded: codes, classes and
// states, never a consumer, course or person.
package telemetry
