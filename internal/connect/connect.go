// Package connect says, LMS by LMS, how somebody connects one to this site: the
// console shows it with the values to copy, and docs/lms/ is made from it.
//
// Every step names where it was learned and when. Verified marks what a running
// LMS showed; the rest is what its makers' documentation says.
package connect

import "strings"

// Guide is one LMS.
type Guide struct {
	ID    string // in addresses, e.g. "moodle"
	Name  string
	Intro string // who does this and what comes of it
	Steps []Step
	Notes []Step // what is good to know
}

// Step is one thing to do, or to know.
type Step struct {
	Do       string // a sentence or two
	Values   []Value
	Source   string // address or name
	Date     string // when it was read or seen, e.g. "2026-11"
	Verified bool   // a running LMS showed it
}

// Value is a field of the LMS and what to put there: see [Values].
type Value struct {
	Field string // as the LMS calls it
	Put   string // text with names in braces
}

// Values fill in the names in braces of a [Value].
type Values struct {
	Site      string // address of this site
	Domain    string // its host
	SelectURL string // {select}: takes requests for content
	ConfigURL string // {config}: the configuration for Canvas
	Links     string // {links}: how every LTI link begins
	Key       string // {key}
}

// Fill returns text with its names replaced. {secret} stays: nobody shows one
// without being asked.
func (v Values) Fill(text string) string {
	return strings.NewReplacer(
		"{site}", v.Site, "{domain}", v.Domain, "{select}", v.SelectURL, "{config}", v.ConfigURL, "{links}", v.Links, "{key}", v.Key,
	).Replace(text)
}

// Find returns the guide with an ID, or nil.
func Find(id string) *Guide {
	for _, g := range Guides() {
		if g.ID == id {
			return &g
		}
	}
	return nil
}

// Verified counts the steps that a running LMS showed.
func (g *Guide) Verified() int {
	n := 0
	for _, s := range g.Steps {
		if s.Verified {
			n++
		}
	}
	return n
}
