// Package docs holds the guides, so that the console can show them.
package docs

import "embed"

// FS has the guides as Markdown, by their paths in the repository's docs/.
//
//go:embed *.md course-team lms operator reference
var FS embed.FS
