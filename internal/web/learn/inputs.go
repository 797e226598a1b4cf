package learn

import (
	"slices"
	"strings"
)

// inputScripts are the scripts that make inputs live, by what package problem
// writes into their markup. Problems themselves need the first.
var inputScripts = []struct{ mark, script string }{
	{"", "learn/problems.js"},
	{"data-preview=", "learn/preview.js"},
	{"data-math=", "learn/preview.js"},
	{"data-dragdrop", "learn/dragdrop.js"},
	{"data-program", "learn/program.js"},
	{`class="image-input"`, "learn/image.js"},
}

// noteInputs notes what scripts and libraries the inputs in text need.
func (v *view) noteInputs(text string) {
	for _, s := range inputScripts {
		if strings.Contains(text, s.mark) && !slices.Contains(v.needs.scripts, s.script) {
			v.needs.scripts = append(v.needs.scripts, s.script)
		}
	}
	if strings.Contains(text, `data-preview="formula"`) {
		v.needs.math = true
	}
	if strings.Contains(text, "data-math=") {
		v.needs.math, v.needs.ascii = true, true
	}
}
