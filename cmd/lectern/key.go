package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"lectern/internal/errs"
	"lectern/internal/sealed"
)

// Refusals of changing the key.
var (
	errKeySetting = errs.New(errs.Conflict, "sealing_key_is_setting", "",
		"The sealing key is a setting of every replica, which this command cannot change.",
		"Make a key with lectern key make. Set LECTERN_SEALING_KEY to \"OLD NEW\" on all replicas, then to \"NEW OLD\" on all; then run this with the same setting.")
	errKeyNeeded = errs.New(errs.Conflict, "sealing_key_needed", "",
		"An old key still has something sealed.", "Run lectern key rotate first; lectern key list shows what each key has sealed.")
	errKeyOnly = errs.New(errs.NotFound, "sealing_key_only_one", "", "There is no old key.", "")
)

// keyCmd changes the sealing key.
type keyCmd struct {
	List   keyListCmd   `cmd:"" help:"List keys, by their ids, and how much each has sealed."`
	Make   keyMakeCmd   `cmd:"" help:"Print a new key. Nothing is changed."`
	Rotate keyRotateCmd `cmd:"" help:"Make a new key in the data folder and seal everything with it. With LECTERN_SEALING_KEY: seal everything with the first key of it."`
	Drop   keyDropCmd   `cmd:"" help:"Remove old keys from the data folder that nothing is sealed with any more."`
}

// keyListCmd lists keys.
type keyListCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// keyJSON is a key as --json prints it.
type keyJSON struct {
	ID     string `json:"id"`
	Role   string `json:"role"`   // seals, opens or absent
	Sealed int    `json:"sealed"` // secrets and waiting sign-ins
}

// Run prints the keys that there are, and those that are lost.
func (c keyListCmd) Run(app *App) error {
	if err := app.Open(); err != nil {
		return err
	}
	keys, where, err := app.sealingKeys()
	if err != nil {
		return err
	}
	count, err := app.Registry.SealedBy(app.Context)
	if err != nil {
		return err
	}
	list, stale := make([]keyJSON, 0, len(keys)), 0
	for i, k := range keys {
		role := "seals"
		if i > 0 {
			role = "opens"
			stale += count[k.ID()]
		}
		list = append(list, keyJSON{k.ID(), role, count[k.ID()]})
		delete(count, k.ID())
	}
	for _, id := range slices.Sorted(maps.Keys(count)) {
		list = append(list, keyJSON{id, "absent", count[id]})
	}
	if c.JSON {
		return app.printJSON(list)
	}
	rows := make([][]string, len(list))
	for i, k := range list {
		rows[i] = []string{k.ID, k.Role, strconv.Itoa(k.Sealed)}
	}
	if err := app.printTable([]string{"KEY", "ROLE", "SEALED"}, rows); err != nil {
		return err
	}
	fmt.Fprintf(app.Out, "\nKeys are in %s.\n", where)
	switch {
	case stale > 0:
		fmt.Fprintln(app.Out, "Old keys have something sealed: run lectern key rotate.")
	case len(keys) > 1:
		fmt.Fprintln(app.Out, "Old keys seal nothing. Keep a copy as long as there are backups from their time; then remove them: lectern key drop, or from the setting.")
	}
	return nil
}

// keyMakeCmd prints a key.
type keyMakeCmd struct{}

// Run prints a new random key.
func (keyMakeCmd) Run(app *App) error {
	_, err := fmt.Fprintln(app.Out, sealed.NewKey().Encode())
	return err
}

// keyRotateCmd changes the key.
type keyRotateCmd struct{}

// Run makes a key, if it is this command's to make, and seals everything with
// it. The old one stays: processes that run seal with it until they see the new
// one, and backups need it.
func (keyRotateCmd) Run(app *App) error {
	if err := app.Open(); err != nil {
		return err
	}
	keys, where, err := app.sealingKeys()
	if err != nil {
		return err
	}
	switch {
	case where != keySetting:
		keys, err = sealed.ChangeKeys(where, func(old []sealed.Key) ([]sealed.Key, error) {
			return append([]sealed.Key{sealed.NewKey()}, old...), nil
		})
		if err != nil {
			return err
		}
		app.Registry.Keys = sealed.NewKeyring(keys[0], keys[1:]...)
	case len(keys) == 1:
		return errKeySetting
	}
	done, err := app.Registry.Reseal(app.Context, commandLine, keys[0].ID())
	if err != nil {
		return err
	}
	fmt.Fprintf(app.Out, "Key %s in %s seals from now on; %d secrets were sealed anew with it.\n", keys[0].ID(), where, done.Rewritten)
	if done.Unopened > 0 {
		fmt.Fprintf(app.Err, "lectern: warning: %d secrets were left as they are: the keys that sealed them are not here.\n", done.Unopened)
	}
	fmt.Fprintln(app.Out, "Backups made before need the old key: keep a copy with them. When all is well: lectern key list.")
	return nil
}

// keyDropCmd removes old keys.
type keyDropCmd struct{}

// Run removes the old keys from the file, once nothing is sealed with them.
func (keyDropCmd) Run(app *App) error {
	if err := app.Open(); err != nil {
		return err
	}
	_, where, err := app.sealingKeys()
	if err != nil {
		return err
	}
	if where == keySetting {
		return errKeySetting.With("remove the old keys from it, once lectern key list says that they seal nothing")
	}
	var dropped []sealed.Key
	_, err = sealed.ChangeKeys(where, func(keys []sealed.Key) ([]sealed.Key, error) {
		if dropped = keys[1:]; len(dropped) == 0 {
			return nil, errKeyOnly
		}
		count, err := app.Registry.SealedBy(app.Context)
		for _, k := range dropped {
			if count[k.ID()] > 0 {
				err = errors.Join(err, errKeyNeeded.With("%d by key %s", count[k.ID()], k.ID()))
			}
		}
		return keys[:1], err
	})
	if err != nil {
		return err
	}
	for _, k := range dropped {
		fmt.Fprintf(app.Out, "Dropped key %s.\n", k.ID())
	}
	return nil
}
