package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/internal/config"
	"lectern/internal/sealed"
)

// keysOf lists the keys of a site by the command line.
func keysOf(t *testing.T, data string) (list []keyJSON) {
	t.Helper()
	code, out, errOut := command(data, "key", "list", "--json")
	if err := json.Unmarshal([]byte(out), &list); code != exitDone || err != nil {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errOut)
	}
	return list
}

// TestKeyRotate changes the key in the data folder while the site runs: launches
// that were signed with, and sign-ins that wait under, the old key go on, and
// the running site seals with the new one.
func TestKeyRotate(t *testing.T) {
	s, _, _ := closedSite(t)
	s.consumer("consumer_key", "secret", nil)
	data := s.app.Config.Data
	waiting := s.waits(newBrowser(t), s.closed("ines@school.example"))
	before := keysOf(t, data)
	if len(before) != 1 || before[0].Role != "seals" || before[0].Sealed != 3 {
		t.Fatalf("keys at first: %+v", before)
	}
	if code, _, errOut := command(data, "key", "drop"); code != exitRefused || !strings.Contains(errOut, "no old key") {
		t.Errorf("dropping the only key: exit %d: %s", code, errOut)
	}
	if code, out, errOut := command(data, "key", "rotate"); code != exitDone || !strings.Contains(out, "3 secrets were sealed anew") {
		t.Fatalf("rotate: exit %d: %s%s", code, out, errOut)
	}
	after := keysOf(t, data)
	if len(after) != 2 || after[0].Sealed != 3 || after[1] != (keyJSON{before[0].ID, "opens", 0}) {
		t.Fatalf("keys after rotating: %+v", after)
	}
	s.consumer("third", "secret 3", nil)
	if list := keysOf(t, data); list[0].Sealed != 4 {
		t.Errorf("the running site did not seal with the new key: %+v", list)
	}
	s.open(newBrowser(t), s.good(path("problem", "block_id")))
	tab := newBrowser(t)
	s.signIn(tab, "ines", waiting.tab)
	if p := waiting.give(tab, waiting.code); p.StatusCode >= 400 {
		t.Errorf("the launch that waited: %d %s", p.StatusCode, p.code())
	}
	if state, _ := waiting.state(); state != "confirmed" {
		t.Errorf("the launch that waited is %q", state)
	}
	if code, out, errOut := command(data, "key", "drop"); code != exitDone || !strings.Contains(out, before[0].ID) {
		t.Errorf("drop: exit %d: %s%s", code, out, errOut)
	}
	s.open(newBrowser(t), s.good(path("problem", "block_id")).set("user_id", "another"))
	if list := keysOf(t, data); len(list) != 1 || list[0].ID != after[0].ID {
		t.Errorf("keys at last: %+v", list)
	}
	info, err := os.Stat(filepath.Join(data, "sealing.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info.Mode(), err)
	}
}

// TestKeyDropRefuses keeps a key that something is sealed with.
func TestKeyDropRefuses(t *testing.T) {
	data := scoreData(t)
	file := filepath.Join(data, "sealing.key")
	if _, err := sealed.ChangeKeys(file, func(old []sealed.Key) ([]sealed.Key, error) {
		return append([]sealed.Key{sealed.NewKey()}, old...), nil
	}); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := command(data, "key", "drop"); code != exitRefused || !strings.Contains(errOut, "lectern key rotate") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if keys, err := sealed.LoadKeys(file); err != nil || len(keys) != 2 {
		t.Errorf("%d keys are left, %v", len(keys), err)
	}
	if err := os.WriteFile(file+".new", nil, 0o600); err != nil { // somebody is at it
		t.Fatal(err)
	}
	if code, _, errOut := command(data, "key", "rotate"); code != exitRefused || !strings.Contains(errOut, "being changed already") {
		t.Errorf("beside another change: exit %d: %s", code, errOut)
	}
}

// TestKeySetting changes a key that is a setting, in the order that replicas
// need: every one can read both keys before anything is sealed with the new one.
func TestKeySetting(t *testing.T) {
	code, made, _ := command(t.TempDir(), "key", "make")
	newKey, err := sealed.ParseKey(made)
	if code != exitDone || err != nil {
		t.Fatalf("make: exit %d, %v", code, err)
	}
	oldKey := sealed.NewKey()
	s := startSite(t, func(c *config.Config) { c.SealingKey = oldKey.Encode() })
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", nil)
	data := s.app.Config.Data
	t.Setenv("LECTERN_SEALING_KEY", oldKey.Encode())
	if code, _, errOut := command(data, "key", "rotate"); code != exitRefused || !strings.Contains(errOut, "OLD NEW") {
		t.Errorf("rotating a setting of one key: exit %d: %s", code, errOut)
	}
	t.Setenv("LECTERN_SEALING_KEY", newKey.Encode()+" "+oldKey.Encode())
	if code, out, errOut := command(data, "key", "rotate"); code != exitDone || !strings.Contains(out, "1 secrets were") {
		t.Errorf("rotate: exit %d: %s%s", code, out, errOut)
	}
	if code, _, errOut := command(data, "key", "drop"); code != exitRefused || !strings.Contains(errOut, "setting") {
		t.Errorf("dropping from a setting: exit %d: %s", code, errOut)
	}
	if p := s.post(newBrowser(t), s.good(path("problem", "block_id"))); p.StatusCode < 500 {
		t.Errorf("a replica that was left out reads what it has no key for: %d", p.StatusCode)
	}
	t.Setenv("LECTERN_SEALING_KEY", sealed.NewKey().Encode())
	if list := keysOf(t, data); len(list) != 2 || list[1] != (keyJSON{newKey.ID(), "absent", 1}) {
		t.Errorf("with a wrong key: %+v", list)
	}
}
