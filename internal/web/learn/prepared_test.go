package learn

import (
	"regexp"
	"strconv"
	"testing"
)

func TestOwnColours(t *testing.T) {
	// What the scan stands for.
	asPattern := regexp.MustCompile(`(?i)<style|stylesheet|<font|bgcolor|style\s*=\s*["'][^"']*(color|background)`)
	for text, want := range map[string]bool{
		"":                                     false,
		"<p>Colour and style</p>":              false,
		`<p style="width: 3em">background</p>`: false,
		`<p style="width: 3em" title="background">`: false,
		`<p style=color>`:                                              false,
		`<style>p { width: 3em }</style>`:                              true,
		`<LINK rel="StyleSheet" href="x.css">`:                         true,
		`<FONT size="2">`:                                              true,
		`<td BgColor="red">`:                                           true,
		`<p style="Color: red">`:                                       true,
		"<p style\n=\t'width: 3em; background-image: none'>":           true,
		`<p style="width: 3em"><p style="border-color: red">`:          true,
		`<p style="width: 3em"><b style='background`:                   true,
		`<p data-style="" title="style" style="BACKGROUND: #fff"></p>`: true,
	} {
		if got := ownColours(text); got != want || want != asPattern.MatchString(text) {
			t.Errorf("ownColours(%q) = %v", text, got)
		}
	}
}

func TestMemory(t *testing.T) {
	m := newMemory[int, string](16 * (entryBytes + 100))
	for i := range 100 {
		m.put(i, strconv.Itoa(i), 100)
		if i >= 3 {
			if _, ok := m.get(3); !ok {
				t.Fatalf("what is used went, after %d", i)
			}
		}
	}
	if _, ok := m.get(50); ok {
		t.Error("what was not used for long is still there")
	}
	if v, ok := m.get(99); !ok || v != "99" {
		t.Errorf("the newest is %q, %v", v, ok)
	}
	m.put(99, "again", 200)
	if v, _ := m.get(99); v != "again" {
		t.Errorf("after a change it is %q", v)
	}
	m.put(3, "large", 4*(entryBytes+100))
	if _, ok := m.get(3); ok {
		t.Error("something large is kept, or what it replaces")
	}
	n := 0
	for e := m.recent.Front(); e != nil; e = e.Next() {
		n += e.Value.(*memorized[int, string]).bytes
	}
	if n != m.bytes || n > m.most || len(m.byKey) != m.recent.Len() {
		t.Errorf("%d bytes are counted as %d, of at most %d", n, m.bytes, m.most)
	}
}
