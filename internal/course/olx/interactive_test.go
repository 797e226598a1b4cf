package olx_test

import (
	"encoding/json"
	"strings"
	"testing"

	"lectern/internal/course"
	"lectern/internal/course/olx"
	"lectern/internal/spectest"
)

// TestInteractive imports each block that learners do something with, right and
// wrong.
func TestInteractive(t *testing.T) {
	const drag = `data='{"items":[{"id":1,"zones":["z"],"imageURL":"/asset-v1:O+C+R+type@asset+block@a.png"}],"zones":[{"uid":"z"}],"targetImg":"/static/none.png"}'`
	for name, tt := range map[string]struct {
		xml    string
		fate   course.Fate
		reason string // part of it
		scored bool
	}{
		"drag":                     {`<drag-and-drop-v2 ` + drag + `/>`, course.Shown, "", true},
		"drag, weightless":         {`<drag-and-drop-v2 weight="0.0" ` + drag + `/>`, course.Shown, "", false},
		"drag, as it began":        {`<drag-and-drop-v2/>`, course.Broken, "it has no data", false},
		"drag, no JSON":            {`<drag-and-drop-v2 data="{"/>`, course.Broken, "no JSON", false},
		"poll":                     {`<poll/>`, course.Shown, "", false},
		"poll, no pairs":           {`<poll answers="[1]"/>`, course.Broken, "no list", false},
		"survey":                   {`<survey weight="3"/>`, course.Shown, "", false},
		"poll_question":            {`<poll_question><p>?</p><answer id="y">Y</answer></poll_question>`, course.Shown, "", false},
		"poll_question, no answer": {`<poll_question><p>?</p></poll_question>`, course.Broken, "no answers", false},
		"word_cloud":               {`<word_cloud num_inputs="x"/>`, course.Shown, "", false},
		"annotatable":              {`<annotatable><p>a <annotation body="b">c</annotation></p></annotatable>`, course.Shown, "", false},
		"done":                     {`<done/>`, course.Shown, "", false},
		"lti":                      {`<lti has_score="true" weight="5" lti_id="a" launch_url="https://t.example"/>`, course.Shown, "", false},
		"lti, no address":          {`<lti lti_id="a"/>`, course.Broken, "launch_url", false},
		"lti_consumer 1.3":         {`<lti_consumer lti_version="lti_1p3"/>`, course.Unsupported, "only LTI 1.1", false},
		"imageannotation":          {`<imageannotation/>`, course.Unsupported, "annotation server", false},
	} {
		t.Run(name, func(t *testing.T) {
			i := strings.IndexAny(tt.xml, " />")
			r := inUnit(t, tt.xml[:i]+` url_name="b"`+tt.xml[i:], "")
			b := r.Course.BlockByID("b")
			if b == nil {
				t.Fatalf("no block in %s", tt.xml)
			}
			if b.Fate != tt.fate || b.Scored != tt.scored || !strings.Contains(b.Reason, tt.reason) {
				t.Errorf("%s (%s), scored %v", b.Fate, b.Reason, b.Scored)
			}
			if told := len(r.Report.NotShown) > 0; told != (tt.fate == course.Unsupported) {
				t.Errorf("not shown: %+v", r.Report.NotShown)
			}
			if told := len(r.Report.Errors) > 0; told != (tt.fate == course.Broken) {
				t.Errorf("errors: %+v", r.Report.Errors)
			}
		})
	}
	r := inUnit(t, `<drag-and-drop-v2 url_name="b" `+drag+`/>`, "")
	if data := r.Course.BlockByID("b").Fields["data"]; !strings.Contains(data, `"/static/a.png"`) {
		t.Errorf("own files keep their keys: %s", data)
	}
	if len(r.Report.DeadLinks) != 2 {
		t.Errorf("dead links: %+v", r.Report.DeadLinks)
	}
}

// TestPassports says where a tool has no key, and never what a key is.
func TestPassports(t *testing.T) {
	course := `-- course/R.xml --
<course><chapter url_name="c"><sequential url_name="s"><vertical url_name="v">
<lti url_name="has" lti_id="a" launch_url="https://t.example"/><lti url_name="lacks" lti_id="b" launch_url="https://t.example"/>
</vertical></sequential></chapter></course>
-- policies/R/policy.json --
{"course/R": {"lti_passports": ["a:the_key:the_secret"]}}
`
	r := importFS(t, files(plain+course), olx.Options{})
	if !said(r.Report.Warnings, "lacks", "lti_passports") || said(r.Report.Warnings, "has", "lti_passports") {
		t.Errorf("%+v", r.Report.Warnings)
	}
	if got := r.Course.Root.Fields["lti_passports"]; got != `["a:the_key:the_secret"]` {
		t.Errorf("passports %q", got)
	}
	report, err := json.Marshal(r.Report)
	if err != nil || strings.Contains(string(report), "the_secret") {
		t.Errorf("the report holds a secret: %v", err)
	}
}

// TestRealInteractive imports the blocks of real courses: all can be shown.
func TestRealInteractive(t *testing.T) {
	spectest.Shared(t, "courses")
	for name, want := range map[string]int{
		"dhis2-v2-analysis": 15, "openedx-demo-course": 7, "edx-demo-test-course": 4, "openedx-olx-example": 2, "harvardx-hx-boilerplate": 1,
	} {
		shown := 0
		for _, b := range blocks(real(t, name)) {
			switch b.Type {
			case "drag-and-drop-v2", "poll", "survey", "word_cloud", "annotatable", "lti", "lti_consumer", "done":
				if b.Fate != course.Shown {
					t.Errorf("%s: %s/%s is %s: %s", name, b.Type, b.ID, b.Fate, b.Reason)
				}
				shown++
			}
		}
		if shown != want {
			t.Errorf("%s: %d blocks, want %d", name, shown, want)
		}
	}
}
