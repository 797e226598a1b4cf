package learn

import "strings"

// inputFiles are what makes inputs live and fair to look at, by what package
// problem writes into their markup. Every problem needs the first.
var inputFiles = []struct {
	mark  string
	files []string
}{
	{"", []string{"learn/inputs.css", "learn/problems.js"}},
	{"data-preview=", []string{"learn/preview.js"}},
	{"data-math=", []string{"learn/preview.js"}},
	{"data-dragdrop", []string{"learn/placing.js", "learn/moving.js"}},
	{"data-program", []string{"learn/program.js"}},
	{`class="image-input"`, []string{"learn/image.js"}},
}

// noteInputs notes what the inputs in text need.
func (v *view) noteInputs(text string) {
	for _, f := range inputFiles {
		if strings.Contains(text, f.mark) {
			v.need(f.files...)
		}
	}
	if strings.Contains(text, `data-preview="formula"`) {
		v.needs.math = true
	}
	if strings.Contains(text, "data-math=") {
		v.needs.math, v.needs.ascii = true, true
	}
}
