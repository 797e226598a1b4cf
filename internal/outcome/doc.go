// Package outcome delivers scores to the gradebooks of LMSs.
//
// What is owed is one row per grade target ([store.OwedScore]), written by
// package grading in the transaction that records the answer. A row carries no
// score: it says that a version of it is wanted. The score is read after the
// row is claimed, so what is sent is never older than the version it stands
// for, and any number of changes made meanwhile are one message.
//
// A row is in one of five states:
//
//	            Owe                Claim               success
//	(no row) ────────▶ waiting ──────────▶ sending ──────────────▶ delivered
//	                      ▲                 │  ▲  │                    │
//	                      │ Owe meanwhile,  │  │  │ given up           │ Owe,
//	                      │ lease given back│  │  ▼                    │ Resend
//	                      ├─────────────────┤  │ parked ──────────────▶├──▶ waiting
//	                      │                 │  │        Owe, Resend,   │
//	                      │        failure  ▼  │ Claim  a new launch   │
//	                      └────────────── retrying ◀───────────────────┘
//
// A claim is a lease, longer than a whole request may take and looked at again
// right before sending. Who dies between claim and answer leaves a row whose
// lease runs out; it is claimed again and sent again, which an LMS cannot tell
// from once. At any moment one process at most sends for a row, so an older
// score never overtakes a newer one.
//
// Three things could still let one overtake, and each is settled by sending the
// newest once more: a process that slept through its lease notices when it ends
// its try; a request that got no answer may be at work inside the LMS while a
// newer score arrives, which is repeated two minutes later; and a request broken
// off while stopping counts as one without an answer. A clock that is set back
// holds nothing up: what waits for a time that no pause reaches is due at once,
// and leases end when a lease would.
//
// Failures are classed [Lectern design §11.11; LTI 1.1 Basic Outcomes]:
//
//   - transient (no connection, 5xx, a page instead of an answer): again after
//     30 s, doubling to 6 h, with jitter; Retry-After wins, up to 6 h
//   - config (signature or clock mismatch, a redirect): again after 10 min,
//     doubling to 6 h, since somebody has to change a setting first
//   - gone (404, 410): parked at the third try
//   - permanent, unsupported, or an address we may not reach: parked at once
//
// Fourteen days of failure park a row as well. Parked rows keep their reason
// and their attempts, and come back by [store.Owed.Resend], by a launch that
// brings a new address, or by the learner's next answer. Nothing is dropped.
//
// Each host has its own lane of at most four requests, and a breaker that
// pauses the lane while the host is down and lets one probe through when the
// pause ends. A slow or dead LMS costs the others nothing. The good answer that
// closes the breaker makes due all that waits for the host, also what failed so
// often that it would rest for hours; so does the first one after a start.
//
// Lanes and breakers belong to a process. With N replicas an LMS sees at most 4N
// requests at a time, and while it is down at most N probes per pause, which
// grows to five minutes. A replica whose breaker is still open puts rows off to
// its own next probe, so they go out at most five minutes after the LMS is back.
//
// Somebody who has not answered anything is never sent a score.
package outcome
