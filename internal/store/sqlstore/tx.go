package sqlstore

import (
	"crypto/sha256"
	"fmt"
	"hash/maphash"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// tx is one transaction, or one savepoint of a shared transaction.
type tx struct {
	q       *db.Queries
	conn    db.DBTX
	dialect dialect
	seed    maphash.Seed
	due     bool // a score or comparison was made due
}

var _ store.Tx = (*tx)(nil)

func (t *tx) Consumers() store.Consumers           { return consumers{t} }
func (t *tx) Continuations() store.Continuations   { return continuations{t} }
func (t *tx) Selections() store.Selections         { return selections{t} }
func (t *tx) Staged() store.Staged                 { return staged{t} }
func (t *tx) Launches() store.Launches             { return launches{t} }
func (t *tx) LaunchLog() store.LaunchLog           { return launchLog{t} }
func (t *tx) TestLaunches() store.TestLaunches     { return testLaunches{t} }
func (t *tx) Accounts() store.Accounts             { return accounts{t} }
func (t *tx) People() store.People                 { return persons{t} }
func (t *tx) Placements() store.Placements         { return placements{t} }
func (t *tx) Owed() store.Owed                     { return owed{t} }
func (t *tx) Checks() store.Checks                 { return checks{t} }
func (t *tx) Courses() store.Courses               { return courses{t} }
func (t *tx) Learners() store.Learners             { return learners{t} }
func (t *tx) Dates() store.Dates                   { return dates{t} }
func (t *tx) Members() store.Members               { return members{t} }
func (t *tx) Rescores() store.Rescores             { return rescores{t} }
func (t *tx) Tallies() store.Tallies               { return tallies{t} }
func (t *tx) Console() store.Console               { return console{t} }
func (t *tx) Audit() store.Audit                   { return audit{t} }
func (t *tx) Settings() store.Settings             { return settings{t} }
func (t *tx) Rails() store.Rails                   { return rails{t} }
func (t *tx) Boxes() store.Boxes                   { return boxes{t} }
func (t *tx) AccessRequests() store.AccessRequests { return accessRequests{t} }

// wrap turns an engine's error into ours and says what was being done.
func (t *tx) wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	if absent(err) {
		return store.ErrNotFound.With("%s", what)
	}
	err = fmt.Errorf("%s: %w", what, err)
	switch t.dialect.fault(err) {
	case faultUnique:
		return store.ErrConflict.Wrap(err)
	case faultMissing:
		return store.ErrNotFound.Wrap(err)
	case faultText:
		return ErrText.Wrap(err)
	}
	return err
}

// one turns the number of rows a statement touched into an error: instead, when
// it touched none.
func (t *tx) one(rows int64, err error, what string, instead error) error {
	if err == nil && rows == 0 {
		return fmt.Errorf("%s: %w", what, instead)
	}
	return t.wrap(err, what)
}

// newID returns a new row ID. IDs made later sort later.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// micros is how a moment is stored; 0 when there is none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment is the inverse of micros.
func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// fold returns s as texts are compared and searched: without case. The engines'
// own functions know ASCII only, or what their locale says.
func fold(s string) string { return strings.ToLower(clean(s)) }

// folded joins what a search looks through.
func folded(fields ...string) string { return fold(strings.Join(fields, "\n")) }

// pattern returns the LIKE pattern, with \ to escape, of texts that contain s.
func pattern(s string) string { return "%" + literal(fold(s)) + "%" }

func literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// clean returns s without what PostgreSQL's text cannot hold. It is for texts
// that people read; what identifies something must be stored as it is, or not
// at all.
func clean(s string) string {
	if storable(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// storable reports whether both engines can hold the texts.
func storable(list ...string) bool {
	for _, s := range list {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return false
		}
	}
	return true
}

// nameMost is how many bytes a name that somebody else gave may have: an index
// of PostgreSQL takes less than 2,700 for all columns together.
const nameMost = 1000

// nameable reports whether both engines can hold and find the names.
func nameable(list ...string) bool {
	for _, s := range list {
		if len(s) > nameMost {
			return false
		}
	}
	return storable(list...)
}

// cut returns a clean s of at most limit bytes.
func cut(s string, limit int) string {
	s = clean(s)
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// maxRows is a limit as SQL wants it; less than one means none.
func maxRows(limit int) int64 {
	if limit < 1 {
		return math.MaxInt64
	}
	return int64(limit)
}

// blob returns b for a column that may not be NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// hash names something in the database without saying what it is.
func hash(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}
