package outcome_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lectern/internal/lti"
	"lectern/internal/outcome"
	"lectern/internal/store"
)

const held = `<imsx_POXEnvelopeResponse xmlns="http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0">` +
	`<imsx_POXHeader><imsx_POXResponseHeaderInfo><imsx_statusInfo><imsx_codeMajor>success</imsx_codeMajor>` +
	`</imsx_statusInfo></imsx_POXResponseHeaderInfo></imsx_POXHeader><imsx_POXBody><readResultResponse><result><resultScore>` +
	`<language>en</language><textString>%s</textString></resultScore></result></readResultResponse></imsx_POXBody></imsx_POXEnvelopeResponse>`

func holds(text string) func(http.ResponseWriter, int, string) {
	return func(w http.ResponseWriter, _ int, _ string) { fmt.Fprintf(w, held, text) }
}

// compare asks for all and works until nothing is left, for at most ten
// minutes of the test's clock.
func (b *bench) compare(repair bool) map[string]store.OwedRow {
	b.t.Helper()
	if _, err := outcome.Compare(b.t.Context(), b.store, "ann", store.OwedFilter{}, repair, b.clock()); err != nil {
		b.t.Fatal(err)
	}
	for range 120 {
		b.drain()
		if b.pending() == 0 {
			break
		}
		b.pass(5 * time.Second)
	}
	if n := b.pending(); n != 0 {
		b.t.Fatalf("%d comparisons never end", n)
	}
	rows := map[string]store.OwedRow{}
	err := b.store.View(b.t.Context(), func(tx store.Tx) error {
		list, err := tx.Owed().List(b.t.Context(), store.OwedFilter{})
		for _, r := range list {
			rows[r.LinkKey] = r
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return rows
}

func (b *bench) pending() (n int64) {
	b.t.Helper()
	err := b.store.View(b.t.Context(), func(tx store.Tx) (err error) {
		n, err = tx.Checks().Pending(b.t.Context())
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func TestCompareVerdicts(t *testing.T) {
	third := "0.333333"
	for _, tt := range []struct {
		name    string
		read    func(http.ResponseWriter, int, string)
		verdict store.Verdict
		says    string
		reads   int
	}{
		{"the same", holds(third), store.Same, "", 1},
		{"rounded to a per cent's hundredths", holds("0.3333"), store.Same, "", 1},
		{"a comma", holds("0,3333"), store.Same, "", 1},
		{"another number", holds("0.5"), store.Overridden, "typed", 1},
		{"another number with a comma", holds("0,5"), store.Overridden, "typed", 1},
		{"zero", holds("0"), store.Overridden, "typed", 1},
		{"an older score of ours", holds("0.667"), store.Differs, "before the newest", 1},
		{"nothing, as Moodle after a delete", holds(""), store.Missing, "", 1},
		{"nothing, as Blackboard", holds("success"), store.Missing, "", 1},
		{"blanks", holds(" \n "), store.Missing, "", 1},
		{"of a hundred", holds("33.3"), store.Unclear, `"33.3"`, 1},
		{"a word", holds("passed"), store.Unclear, `"passed"`, 1},
		{"thousands", holds("1,000.5"), store.Unclear, "no number", 1},
		{"not a number", holds("NaN"), store.Unclear, "no number", 1},
		{"unsupported", says("unsupported", ""), store.Unclear, "support", 1},
		{"success without a result", says("success", ""), store.Unclear, "no result", 1},
		{"the cell is gone", says("failure", "Invalid sourcedId"), store.Unclear, "Invalid sourcedId", 1},
		{"no such page", status(http.StatusNotFound), store.Unclear, "404", 1},
		{"wrong signature", status(http.StatusUnauthorized), store.Unclear, "401", 1},
		{"always down", status(http.StatusInternalServerError), store.Unclear, "tried 3 times", 3},
		{"a page", func(w http.ResponseWriter, _ int, _ string) { fmt.Fprint(w, "<html>Sign in</html>") }, store.Unclear, "tried 3 times", 3},
		{"cut off", func(http.ResponseWriter, int, string) { panic(http.ErrAbortHandler) }, store.Unclear, "cannot be reached", 3},
		{"down once", func(w http.ResponseWriter, n int, _ string) {
			if n == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			fmt.Fprintf(w, held, third)
		}, store.Same, "", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.answer(b.target("l"), 2, 3, 0)
			b.drain()
			b.answer(b.target("l"), 1, 3, 0)
			b.drain()
			b.lms.read = tt.read
			row := b.compare(false)["l"]
			if row.Check.Verdict != tt.verdict || !strings.Contains(row.Check.Reason, tt.says) {
				t.Errorf("verdict %q (%s), want %q saying %q", row.Check.Verdict, row.Check.Reason, tt.verdict, tt.says)
			}
			if row.Check.Here == nil || row.Check.CheckedAt.IsZero() {
				t.Errorf("check %+v lacks the score here or its time", row.Check)
			}
			if b.lms.reads != tt.reads {
				t.Errorf("%d requests, want %d", b.lms.reads, tt.reads)
			}
			b.wants("l=0.666667", "l=0.333333") // comparing alone never sends
			b.state("l", store.Delivered)
		})
	}
}

func TestCompareRepairs(t *testing.T) {
	b := newBench(t)
	b.answer(b.target("differs"), 9, 10, 0)
	b.drain()
	for _, link := range []string{"same", "missing", "differs", "unclear", "typed"} {
		b.answer(b.target(link), 1, 2, 0)
	}
	b.scores.set(b.target("never sent"), 1, 4) // answered before the LMS had a place for it
	b.target("opened")
	b.target("typed for nobody")
	nobody := b.target("nobody") // owed, though nothing was answered
	b.update(func(tx store.Tx) error {
		return tx.Owed().Owe(t.Context(), store.Debt{TargetID: nobody, At: b.clock()})
	})
	b.drain()
	sent := len(b.lms.received())
	b.lms.read = func(w http.ResponseWriter, _ int, cell string) {
		switch cell {
		case "same":
			fmt.Fprintf(w, held, "0.5")
		case "missing", "never sent", "opened", "nobody":
			fmt.Fprintf(w, held, "")
		case "typed", "typed for nobody":
			fmt.Fprintf(w, held, "0.7")
		case "differs":
			fmt.Fprintf(w, held, "0.9")
		default:
			fmt.Fprintf(w, success, "unsupported", "")
		}
	}
	rows := b.compare(true)
	for link, want := range map[string]store.Verdict{
		"same": store.Same, "missing": store.Missing, "differs": store.Differs, "unclear": store.Unclear, "nobody": store.Unanswered,
		"typed": store.Overridden, "never sent": store.Missing, "opened": store.Unanswered, "typed for nobody": store.Overridden,
	} {
		if got := rows[link].Check.Verdict; got != want {
			t.Errorf("%s: verdict %q, want %q", link, got, want)
		}
	}
	b.drain()
	again := map[string]bool{}
	for _, m := range b.lms.received()[sent:] {
		again[m] = true
	}
	if len(again) != 3 || !again["missing=0.5"] || !again["differs=0.5"] || !again["never sent=0.25"] {
		t.Errorf("sent again: %v, want what is missing and what differs", again)
	}
	for link, want := range map[string]store.OwedState{"never sent": store.Delivered, "opened": store.Unowed, "nobody": store.Parked} {
		if got := rows[link].State; got != want {
			t.Errorf("%s is %q, want %q", link, got, want)
		}
	}
	if here := rows["typed for nobody"].Check.Here; here != nil {
		t.Errorf("a score of %v for somebody who answered nothing", *here)
	}
	var acts []string
	err := b.store.View(t.Context(), func(tx store.Tx) error {
		list, err := tx.Audit().List(t.Context(), 0)
		for _, e := range list {
			acts = append(acts, e.Who+" "+e.Act)
		}
		return err
	})
	if text := strings.Join(acts, "\n"); err != nil || strings.Count(text, "ann score.repair") != 3 || !strings.Contains(text, "ann score.compare") {
		t.Errorf("audit %q, %v", acts, err)
	}
}

func TestCompareIsNoStampede(t *testing.T) {
	b := newBench(t)
	const scores = 60
	for n := range scores {
		b.answer(b.target(fmt.Sprint("l", n)), 1, 1, 0)
	}
	for len(b.lms.received()) < scores {
		b.drain()
		b.pass(time.Second)
	}
	var inside, most atomic.Int32
	b.lms.read = func(w http.ResponseWriter, _ int, _ string) {
		now := inside.Add(1)
		defer inside.Add(-1)
		for {
			old := most.Load()
			if now <= old || most.CompareAndSwap(old, now) {
				break
			}
		}
		time.Sleep(time.Millisecond)
		fmt.Fprintf(w, held, "1")
	}
	for _, r := range b.compare(false) {
		if r.Check.Verdict != store.Same {
			t.Errorf("%s: %s (%s)", r.LinkKey, r.Check.Verdict, r.Check.Reason)
		}
	}
	if b.lms.reads != scores || most.Load() > 2 {
		t.Errorf("%d requests, %d at a time; want %d, 2 at most", b.lms.reads, most.Load(), scores)
	}
}

// An LMS that fails at reading is left alone soon, and still gets its scores.
func TestCompareFailingLeavesSendingAlone(t *testing.T) {
	b := newBench(t)
	for n := range 30 {
		b.answer(b.target(fmt.Sprint("l", n)), 1, 1, 0)
	}
	for len(b.lms.received()) < 30 {
		b.drain()
		b.pass(time.Second)
	}
	b.lms.read = status(http.StatusInternalServerError)
	for _, r := range b.compare(true) {
		if r.Check.Verdict != store.Unclear || r.Check.Reason == "" {
			t.Errorf("%s: %s (%s)", r.LinkKey, r.Check.Verdict, r.Check.Reason)
		}
	}
	if b.lms.reads > 15 {
		t.Errorf("%d requests to an LMS that fails", b.lms.reads)
	}
	b.answer(b.target("l0"), 0, 1, 0)
	b.drain()
	if got := b.lms.received(); got[len(got)-1] != "l0=0" {
		t.Errorf("the score waits for the breaker of reading: %v", got)
	}
}

func TestCompareWhileOnItsWay(t *testing.T) {
	b := newBench(t)
	id := b.target("l")
	b.answer(id, 1, 2, 0)
	b.drain()
	b.answer(id, 2, 2, time.Hour)
	b.lms.read = holds("0.5")
	row := b.compare(false)["l"]
	if row.Check.Verdict != store.Differs || !strings.Contains(row.Check.Reason, "on its way") {
		t.Errorf("%+v", row.Check)
	}
}

func TestCompareByTheSecretTheLMSKnows(t *testing.T) {
	b := newBench(t)
	b.answer(b.target("l"), 1, 1, 0)
	b.drain()
	b.consumer.list = []lti.Secret{{Slot: lti.Current, Value: "new"}, {Slot: lti.Previous, Value: "old"}}
	b.lms.read = func(w http.ResponseWriter, n int, _ string) {
		if n == 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, held, "1")
	}
	if row := b.compare(false)["l"]; row.Check.Verdict != store.Same || b.lms.reads != 2 {
		t.Errorf("%+v after %d requests", row.Check, b.lms.reads)
	}
}
