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
// pause ends. A slow or dead LMS costs the others nothing.
//
// Somebody who has not answered anything is never sent a score.
package outcome
