package backup

import (
	"time"

	"lectern/internal/errs"
)

// format is the version of what is in the file.
const format = 1

// Names in the file.
const (
	Database = "database.db" // SQLite, whatever engine the site uses
	Key      = "sealing.key"
	Assets   = "assets/" // and the blob's key

	manifestName = "manifest.json" // the last one
)

// manifestMost bounds the manifest: about 200 bytes for each course file.
const manifestMost = 256 << 20

// ErrDamaged means that a backup is cut off, changed, or none at all.
var ErrDamaged = errs.New(errs.Invalid, "backup_damaged", "",
	"This is not a whole backup, so nothing was restored.",
	"The detail says what is wrong with the file. Use another copy of it, or an older backup.")

// ErrFormat means that a backup was made by a newer release.
var ErrFormat = errs.New(errs.Invalid, "backup_too_new", "",
	"This backup was made by a newer Lectern, so nothing was restored.",
	"Restore it with that release or a newer one.")

// ErrExists means that the file to be written is there already.
var ErrExists = errs.New(errs.Conflict, "backup_exists", "",
	"There is a file of that name, and a backup overwrites nothing.",
	"Name another file, such as one with the date in it.")

// Manifest says what is in a backup.
type Manifest struct {
	Format  int       `json:"format"`
	Release string    `json:"release"` // of Lectern
	MadeAt  time.Time `json:"made_at"`
	Engine  string    `json:"engine"` // that the site ran on
	Schema  int64     `json:"schema"` // version of the database's schema
	KeyID   string    `json:"key_id"` // of the sealing key; "" when the site had none yet
	WithKey bool      `json:"with_key"`
	// WithAssets is false when course files were left out on purpose.
	WithAssets bool     `json:"with_assets"`
	Missing    []string `json:"missing"` // course files that the site itself had lost
	Rows       []Rows   `json:"rows"`
	Files      []File   `json:"files"`
}

// Rows says how many rows a table has.
type Rows struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// File is one file of a backup.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}
