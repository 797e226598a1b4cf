package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"gocloud.dev/blob"

	"lectern/internal/assets"
	"lectern/internal/course"
	"lectern/internal/credential"
	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/sealed"
	"lectern/internal/store"
)

// Free disk space below which a site is in danger, and below which it stops.
const (
	diskWarn = 2 << 30
	diskFail = 200 << 20
)

// disk checks the room for the data folder.
func (d *doctor) disk() {
	const check = "disk"
	data := d.app.Config.Data
	free, total, err := freeDisk(data)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case errors.Is(err, fs.ErrNotExist):
		d.fail(check, "Check --data, or start the site once: lectern serve.", "There is no data folder %s.", data)
	case err != nil:
		d.broken(check, err)
	case free < diskFail:
		d.fail(check, "Make room now: on a full disk no answer can be saved.", "Only %d MB are free where %s is.", free>>20, data)
	case free < diskWarn:
		d.warn(check, "Make room, or move the data folder.", "Only %d MB are free where %s is.", free>>20, data)
	default:
		d.ok(check, "%d of %d GB are free where %s is.", free>>30, total>>30, data)
	}
}

// database opens the database, without migrating it.
func (d *doctor) database(ctx context.Context) {
	const check = "database"
	s, err := d.app.database(d.app.Config.DSN())
	if err != nil {
		d.broken(check, err)
		return
	}
	d.store = s
	facts, err := s.Facts(ctx)
	if err != nil {
		d.broken(check, err)
		return
	}
	switch {
	case !facts.Durable:
		d.fail(check, "Set fsync and synchronous_commit to on in PostgreSQL.", "%s %s says that data is saved before it is: a power cut loses scores.", facts.Engine, facts.Version)
	case facts.Journal != "" && facts.Journal != "wal":
		d.fail(check, "Keep the database on a local disk: network file systems lack what SQLite needs.", "%s %s has the journal mode %q instead of wal.", facts.Engine, facts.Version, facts.Journal)
	default:
		d.ok(check, "%s %s answers, and what it says is saved is saved.", facts.Engine, facts.Version)
	}
	have, want, err := s.Version(ctx)
	switch {
	case err != nil:
		d.broken("schema", err)
	case have < want:
		d.fail("schema", "Run lectern migrate, or start the site.", "The database has schema %d, this program needs %d.", have, want)
	case have > want:
		d.settled = true
		d.warn("schema", "Finish the upgrade: replace this program by the newer one.", "A newer Lectern has brought the database to schema %d; this one knows %d.", have, want)
	default:
		d.settled = true
		d.ok("schema", "The database has schema %d, as this program needs.", have)
	}
}

// assets checks that course files can be written and read, and that none is
// lost.
func (d *doctor) assets(ctx context.Context) {
	const check = "course-files"
	if d.store == nil {
		return // there is no site yet
	}
	bucket, err := d.app.bucket()
	if err != nil {
		d.broken(check, err)
		return
	}
	defer closing(d.app.Err, bucket)
	if err := assets.Check(ctx, bucket); err != nil {
		d.broken(check, err)
		return
	}
	if err := probe(ctx, bucket); err != nil {
		d.fail(check, "Check LECTERN_ASSETS and who may write there.", "Course files cannot be written and read: %v", err)
		return
	}
	if !d.settled {
		return
	}
	lost, total, err := d.lostAssets(ctx, bucket)
	switch {
	case err != nil:
		d.broken(check, err)
	case lost > 0:
		d.fail(check, "Bring the assets folder back from a backup, or import the courses again.", "%d of %d course files are not there.", lost, total)
	default:
		d.ok(check, "They can be written and read; all %d are there.", total)
	}
}

// probePrefix begins the names of files that are there for a moment only.
const probePrefix = "doctor-probe-"

// probe writes, reads and removes a small file.
func probe(ctx context.Context, bucket *blob.Bucket) error {
	key := probePrefix + credential.New()
	if err := bucket.WriteAll(ctx, key, []byte("lectern doctor"), nil); err != nil {
		return err
	}
	if _, err := bucket.ReadAll(ctx, key); err != nil {
		return err
	}
	return bucket.Delete(ctx, key)
}

func (d *doctor) lostAssets(ctx context.Context, bucket *blob.Bucket) (lost, total int, err error) {
	sums, err := d.store.AssetSums(ctx)
	if err != nil {
		return 0, 0, err
	}
	there := map[string]bool{}
	for list := bucket.List(nil); ; {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, 0, err
		}
		there[object.Key] = true
	}
	for _, sum := range sums {
		if !there[course.BlobKey(sum)] {
			lost++
		}
	}
	return lost, len(sums), nil
}

// sealingKey checks that the key is there, is ours alone, and opens what was
// sealed.
func (d *doctor) sealingKey(ctx context.Context) {
	const check = "sealing-key"
	keys, where, err := d.app.sealingKeys()
	if errors.Is(err, fs.ErrNotExist) {
		if d.settled {
			d.fail(check, "Put the key back before the site starts; it would make a new one. "+lostKey, "There is a database, but no sealing key: %s is missing.", where)
		}
		return
	}
	if err != nil {
		d.broken(check, err)
		return
	}
	key := keys[0]
	if info, err := os.Stat(where); err == nil && d.app.Config.SealingKey == "" && info.Mode().Perm()&0o077 != 0 {
		d.fail(check, "Run chmod 600 "+where+".", "Others on this machine may read the sealing key (mode %04o).", info.Mode().Perm())
		return
	}
	if !d.settled {
		d.ok(check, "Key %s is in %s.", key.ID(), where)
		return
	}
	opened, shut, err := d.openSecrets(ctx, sealed.NewKeyring(key, keys[1:]...))
	switch {
	case err != nil:
		d.broken(check, err)
	case shut > 0:
		d.fail(check, "Bring the key back that the secrets were sealed with. "+lostKey, "Key %s in %s cannot open the secrets of %d LMSs.", key.ID(), where, shut)
	case len(keys) > 1:
		d.warn(check, "Finish changing the key: lectern key list says what is left to do.", "There are %d keys in %s; they open the secrets of all %d LMSs.", len(keys), where, opened)
	default:
		d.ok(check, "Key %s in %s opens the secrets of all %d LMSs. Keep a copy elsewhere.", key.ID(), where, opened)
	}
}

// openSecrets counts the consumers whose secrets the ring opens, and the others.
func (d *doctor) openSecrets(ctx context.Context, ring *sealed.Keyring) (opened, shut int, err error) {
	var list []*lti.Consumer
	err = d.store.View(ctx, func(tx store.Tx) (err error) {
		list, err = tx.Consumers().List(ctx, "")
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("list LMSs: %w", err)
	}
	r := &registry.Registry{Store: d.store, Keys: ring, Clock: d.app.Clock}
	for _, c := range list {
		_, _, err := r.Credentials(ctx, c.ID)
		switch {
		case errors.Is(err, sealed.ErrOpen):
			shut++
		case err != nil:
			return 0, 0, err
		default:
			opened++
		}
	}
	return opened, shut, nil
}
