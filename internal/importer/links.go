package importer

import (
	"net/url"

	"lectern/internal/course"
	"lectern/internal/keys"
)

// Levels of a Link, from the whole course down.
const (
	Course     = string(course.LevelCourse)
	Section    = string(course.LevelSection)
	Subsection = string(course.LevelSubsection)
	Unit       = string(course.LevelUnit)
	Component  = string(course.LevelComponent)
)

// Link is a block with the address that an LMS launches it by.
type Link struct {
	Usage string      `json:"usage"`
	Type  string      `json:"type"`
	Level string      `json:"level"`
	Name  string      `json:"name"`
	URL   string      `json:"url"`
	Fate  course.Fate `json:"fate"` // "unsupported" opens, as a sentence
}

// Links lists what can be launched of a course, in document order. Blocks that
// show nothing are left out, and so are libraries, which Open edX does not
// launch either. publicURL is the site's address without a slash at its end.
func Links(c *course.Course, publicURL string) []Link {
	out := []Link{}
	if c.Key.Library {
		return out
	}
	c.Blocks(func(b *course.Block) {
		usage := c.Usage(b).String()
		if _, err := keys.ParseUsage(usage); err != nil || b.Fate == course.Hidden || b.Fate == course.Broken {
			return
		}
		out = append(out, Link{
			Usage: usage, Type: b.Type, Level: string(course.LevelOf(b.Type)), Name: Title(c, b),
			URL: LaunchURL(publicURL, c.Key, usage), Fate: b.Fate,
		})
	})
	return out
}

// Title returns a block's name or, where the course team gave none, its type.
func Title(c *course.Course, b *course.Block) string {
	if b.Name != "" {
		return b.Name
	}
	if b == c.Root {
		return c.Name
	}
	return course.TypeName(b.Type)
}

// LaunchURL is the address that Open edX would have, too. Slashes of old usage
// keys are quoted, since proxies squeeze two into one.
func LaunchURL(publicURL string, c keys.Course, usage string) string {
	path := url.URL{Path: "/lti_provider/courses/" + c.String() + "/" + keys.QuoteSlashes(usage)}
	return publicURL + path.EscapedPath()
}
