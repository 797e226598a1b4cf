package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The pieces that are launched and answered: a unit with text and two questions.
const (
	unitID    = "unit0"
	problemID = "problem0"
)

// perUnit is how many blocks a unit has besides itself.
const perUnit = 3

// writeCourse writes an OLX folder of a course with at least so many blocks. The
// first unit is the same whatever the size.
func writeCourse(dir string, blocks int) error {
	files := map[string]string{
		"course.xml":      `<course url_name="2026" org="Bench" course="LOAD"/>`,
		"static/wave.svg": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4"/></svg>`,
	}
	var chapters strings.Builder
	for unit, chapter := 0, 0; unit == 0 || unit*(perUnit+1) < blocks; chapter++ {
		var subsections strings.Builder
		for sub := range 5 {
			var units strings.Builder
			for range 5 {
				fmt.Fprintf(&units, "<vertical url_name=\"unit%d\"/>\n", unit)
				writeUnit(files, unit)
				unit++
			}
			name := fmt.Sprintf("sub%d_%d", chapter, sub)
			fmt.Fprintf(&subsections, "<sequential url_name=%q/>\n", name)
			files["sequential/"+name+".xml"] = fmt.Sprintf("<sequential display_name=\"Subsection %d\" graded=\"true\" format=\"Homework\">\n%s</sequential>", sub, &units)
		}
		name := fmt.Sprintf("chapter%d", chapter)
		fmt.Fprintf(&chapters, "<chapter url_name=%q/>\n", name)
		files["chapter/"+name+".xml"] = fmt.Sprintf("<chapter display_name=\"Section %d\">\n%s</chapter>", chapter, &subsections)
	}
	files["course/2026.xml"] = "<course display_name=\"Light and colour\" language=\"en\" start=\"2020-01-01T00:00:00Z\">\n" + chapters.String() + "</course>"
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// writeUnit adds a unit as course teams make them: a page of text with a
// picture, a choice with feedback, a number.
func writeUnit(files map[string]string, n int) {
	files[fmt.Sprintf("vertical/unit%d.xml", n)] = fmt.Sprintf(`<vertical display_name="Refraction %d">
<html url_name="text%d"/>
<problem url_name="problem%d"/>
<problem url_name="number%d"/>
</vertical>`, n, n, n, n)
	files[fmt.Sprintf("html/text%d.xml", n)] = fmt.Sprintf(`<html filename="text%d" display_name="How light bends"/>`, n)
	files[fmt.Sprintf("html/text%d.html", n)] = "<h3>How light bends</h3>\n<p><img src=\"/static/wave.svg\" alt=\"A wave\" /></p>\n" +
		strings.Repeat("<p>Light that enters glass is slower than in air, and so it changes its direction: the steeper it comes, "+
			"the less. Read <a href=\"https://en.wikipedia.org/wiki/Refraction\">more about it</a>, or try the questions below.</p>\n", 12)
	files[fmt.Sprintf("problem/problem%d.xml", n)] = `<problem display_name="Which way?" max_attempts="null" showanswer="attempted" rerandomize="never">
<multiplechoiceresponse>
<label>Light goes from air into glass. Which way does it bend?</label>
<choicegroup type="MultipleChoice">
<choice correct="true">Towards the normal <choicehint>It is slower in glass.</choicehint></choice>
<choice correct="false">Away from the normal <choicehint>That is on its way out.</choicehint></choice>
<choice correct="false">Not at all</choice>
<choice correct="false">Back into the air</choice>
</choicegroup>
<solution><div class="detailed-solution"><p>Explanation</p><p>Glass has the higher index.</p></div></solution>
</multiplechoiceresponse>
</problem>`
	files[fmt.Sprintf("problem/number%d.xml", n)] = `<problem display_name="How fast?" showanswer="attempted" rerandomize="never">
<numericalresponse answer="2.0e8">
<label>How fast is light in glass with an index of 1.5, in metres a second?</label>
<responseparam type="tolerance" default="1%"/>
<formulaequationinput/>
</numericalresponse>
</problem>`
}
