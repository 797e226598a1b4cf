package olx

import (
	"maps"
	"slices"
	"strings"

	"lectern/internal/course"
)

// node is a block on its way into the course.
type node struct {
	block    *course.Block
	own      metadata // own attributes, the policy's over the file's
	inherit  metadata // what children inherit
	children []*node
}

// inherited are the fields that a block takes from its nearest ancestor that
// sets them.
var inherited = [...]string{
	"graded", "start", "due", "relative_weeks_due", "visible_to_staff_only", "graceperiod", "group_access",
	"showanswer", "show_correctness", "rerandomize", "days_early_for_beta", "static_asset_path",
	"use_latex_compiler", "max_attempts", "user_partitions", "show_reset_button", "in_entrance_exam",
	"self_paced", "hide_from_toc",
}

// isSetting lists what ends in course.Settings or course.Course; all other
// attributes are kept as fields.
func isSetting(name string) bool {
	switch name {
	case "display_name", "start", "due", "graceperiod", "graded", "format", "visible_to_staff_only", "hide_after_due",
		"group_access", "showanswer", "show_correctness", "rerandomize", "max_attempts", "attempts", "weight",
		"submission_wait_seconds", "grading_method", "attempts_before_showanswer_button", "show_reset_button",
		"default_time_limit_minutes", "user_partitions", "markdown":
		return true
	}
	return false
}

// isNever lists attributes that say nothing about a block.
func isNever(name string) bool {
	switch name {
	case "data_dir", "tabs", "grading_policy", "discussion_blackouts", "course", "org", "url_name", "filename",
		"xml_attributes", "x-is-pointer-node", "xblock-family", "slug":
		return true
	}
	return false
}

// settle computes the effective settings of n and everything below.
func (l *loader) settle(n *node, from metadata) {
	n.inherit = from
	for _, name := range inherited {
		if _, set := n.own[name]; set {
			n.inherit = maps.Clone(from)
			break
		}
	}
	for _, name := range inherited {
		if v, set := n.own[name]; set {
			n.inherit[name] = v
		}
	}
	b := n.block
	b.Settings = l.settings(n)
	b.Name = n.own.text("display_name")
	b.Fields = map[string]string{}
	for name, v := range n.own {
		if !isSetting(name) && v != null {
			b.Fields[name] = v
		}
	}
	for _, child := range n.children {
		l.settle(child, n.inherit)
	}
}

func (l *loader) settings(n *node) course.Settings {
	ref, in, own := n.block.Ref, n.inherit, n.own
	s := course.Settings{
		Graded:                   in.bool("graded"),
		Format:                   own.text("format"),
		StaffOnly:                in.bool("visible_to_staff_only"),
		HideAfterDue:             own.bool("hide_after_due"),
		ShowAnswer:               enum(in, "showanswer", "finished"),
		ShowCorrectness:          enum(in, "show_correctness", "always"),
		Rerandomize:              rerandomize(enum(in, "rerandomize", "never")),
		MaxAttempts:              in.integer("max_attempts"),
		Weight:                   own.float("weight"),
		GradingMethod:            own.text("grading_method"),
		ShowResetButton:          in.bool("show_reset_button"),
		AttemptsBeforeShowAnswer: number(own.integer("attempts_before_showanswer_button")),
		TimeLimitMinutes:         number(own.integer("default_time_limit_minutes")),
	}
	unreadable := func(name, what string) {
		if v, own := n.own[name]; own { // else the ancestor has been told
			l.warn(ref, "", "%s %.80q is %s and is left out", name, v, what)
		}
	}
	var ok bool
	if s.Start, ok = date(in["start"]); !ok {
		unreadable("start", "no date")
	}
	if s.Due, ok = date(in["due"]); !ok {
		unreadable("due", "no date")
	}
	if s.Grace, ok = duration(in["graceperiod"]); !ok {
		unreadable("graceperiod", "no length of time")
	}
	if s.SubmissionWait, ok = duration(own["submission_wait_seconds"]); !ok {
		unreadable("submission_wait_seconds", "no number")
	}
	if s.GroupAccess, ok = groupAccess(in["group_access"]); !ok {
		unreadable("group_access", "no list of groups, so the block is for staff only,")
		s.StaffOnly = true
	}
	if s.MaxAttempts != nil && *s.MaxAttempts < 0 {
		s.MaxAttempts = nil
	}
	return s
}

// number returns *n, or 0 for nil and for negative numbers.
func number(n *int) int {
	if n == nil {
		return 0
	}
	return max(*n, 0)
}

// enum returns an inherited field, or its default when it is not set or null.
func enum(m metadata, name, byDefault string) string {
	if v, set := m[name]; set && v != null {
		return v
	}
	return byDefault
}

// rerandomize maps the values of before 2013.
func rerandomize(s string) string {
	switch strings.ToLower(s) {
	case "", "true":
		return "always"
	case "false":
		return "per_student"
	}
	return s
}

// legacyAttempts makes the attribute attempts of 2012 mean max_attempts, if the
// options say so; by default when no block of the course has max_attempts.
func (l *loader) legacyAttempts() {
	has := func(name string) func(*node) bool {
		return func(n *node) bool { _, set := n.own[name]; return set }
	}
	legacy := l.opts.LegacyAttempts == Always ||
		l.opts.LegacyAttempts == Auto && !slices.ContainsFunc(l.nodes, has("max_attempts"))
	if !legacy || !slices.ContainsFunc(l.nodes, has("attempts")) {
		return
	}
	for _, n := range l.nodes {
		if v, set := n.own["attempts"]; set {
			if _, newer := n.own["max_attempts"]; !newer {
				n.own["max_attempts"] = v
			}
		}
	}
	l.warn(course.Ref{}, "", `"attempts" is read as max_attempts, as it was meant until 2013`)
}
