package connect

import (
	"fmt"
	"strings"
)

// Markdown returns the guide as a page of the documentation.
func (g *Guide) Markdown() string {
	v := Values{
		Site: "https://lectern.example.edu", Domain: "lectern.example.edu", SelectURL: "https://lectern.example.edu/lti_provider/content_item",
		ConfigURL: "https://lectern.example.edu/lti/config.xml", Links: "https://lectern.example.edu/lti_provider/courses/", Key: "the Consumer Key",
	}
	fill := func(s string) string { return strings.ReplaceAll(v.Fill(s), "{secret}", "the Consumer Secret") }
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", g.Name, g.Intro)
	b.WriteString("The page of the LTI consumer in the console, **Connect**, shows these steps with your own values to copy.\n\n")
	for i, s := range g.Steps {
		fmt.Fprintf(&b, "%d. %s\n", i+1, fill(s.Do))
		for _, x := range s.Values {
			fmt.Fprintf(&b, "   - **%s**: `%s`\n", x.Field, fill(x.Put))
		}
		fmt.Fprintf(&b, "\n   %s\n\n", s.origin())
	}
	if len(g.Notes) > 0 {
		b.WriteString("## Good to know\n\n")
		for _, s := range g.Notes {
			fmt.Fprintf(&b, "- %s\n  %s\n", fill(s.Do), s.origin())
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// origin says where a step was learned.
func (s *Step) origin() string {
	if s.Verified {
		return fmt.Sprintf("*Verified %s: %s.*", s.Date, s.Source)
	}
	return fmt.Sprintf("*Not verified with a running LMS; from %s, %s.*", s.Source, s.Date)
}
