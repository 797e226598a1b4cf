package web

import (
	"html/template"
	"strings"
	"testing"
	"time"

	"lectern/internal/locale"
)

// TestMarkup checks that a sentence holds the elements put into it, and nothing
// else that a browser would take for one.
func TestMarkup(t *testing.T) {
	const evil = `<script>alert("x")</script>`
	data := map[string]any{
		"Evil": evil, "Mark": "\uE0001\uE001", "Mark1": "\uE0000\uE001", "N": 2500, "At": time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC),
		"Bad": "javascript:alert(1)", "Other": "//evil.example/", "Query": `/x?q="><script>`,
	}
	for _, c := range []struct{ name, in, want string }{
		{"an element", `{{th "Was %v before." (strong "Ada")}}`, "Was <strong>Ada</strong> before."},
		{"a number", `{{th "%d for %v" .N (mono "x")}}`, "2,500 for <code>x</code>"},
		{"a moment", `{{th "since %v" (stamp .At)}}`, `since <time datetime="2026-03-04T05:06:00Z">4 Mar 2026 05:06 UTC</time>`},
		{"a link", `{{th "See %v." (anchor "/admin/x?a=1&b=2" "here")}}`, `See <a href="/admin/x?a=1&amp;b=2">here</a>.`},
		{"a plain argument", `{{th "Was %v." .Evil}}`, "Was &lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;."},
		{"inside an element", `{{th "Was %v." (monolong .Evil)}}`, `Was <code class="long">&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;</code>.`},
		{"inside a link", `{{th "%v" (anchor "/" .Evil)}}`, `<a href="/">&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;</a>`},
		{"the sentence", `{{th "<b>a & b</b> %v" "c"}}`, "&lt;b&gt;a &amp; b&lt;/b&gt; c"},
		{"an address that runs", `{{th "%v" (anchor .Bad "x")}}`, `<a href="#">x</a>`},
		{"an address elsewhere", `{{th "%v" (anchor .Other "x")}}`, `<a href="#">x</a>`},
		{"an address out of its attribute", `{{th "%v" (anchor .Query "x")}}`, `<a href="/x?q=&#34;&gt;&lt;script&gt;">x</a>`},
		{"an argument like a mark", `{{th "%v %v" .Mark (strong .Mark1)}}`, "\uE0001\uE001 <strong>\uE0000\uE001</strong>"},
	} {
		out := strings.Builder{}
		one, err := template.New("").Funcs(markup(locale.Find("en"))).Parse(c.in)
		if err == nil {
			err = one.Execute(&out, data)
		}
		if err != nil || out.String() != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, out.String(), err, c.want)
		}
	}
}
