package course_test

import (
	"strings"
	"testing"

	"lectern/internal/course"
)

func TestRewriteLinks(t *testing.T) {
	mark := func(prefix, rest string) (string, bool) { return "<" + prefix + "|" + rest + ">", rest != "no" }
	for _, tt := range []struct{ name, in, want string }{
		{"double quotes", `<img src="/static/a b.png">`, `<img src="</static/|a b.png>">`},
		{"single quotes", `<img src='/static/a.png'>`, `<img src='</static/|a.png>'>`},
		{"quote of the other kind inside", `x="/static/it's.png"`, `x="</static/|it's.png>"`},
		{"escaped quotes", `s = "<a href=\"/static/a.pdf\">"`, `s = "<a href=\"</static/|a.pdf>\">"`},
		{"escaped, closed by a plain quote", `"\"/static/a"`, `"\"</static/|a>"`},
		{"character references", `style="background: url(&quot;/static/a.png&quot;)"`,
			`style="background: url(&quot;</static/|a.png>&quot;)"`},
		{"course and jump", `"/course/info" '/jump_to_id/abc#x'`, `"</course/|info>" '</jump_to_id/|abc#x>'`},
		{"asset keys", `"/asset-v1:o+c+r+type@asset+block@a" "asset-v1:x" "/c4x/o/c/asset/a"`,
			`"</asset-v1:|o+c+r+type@asset+block@a>" "<asset-v1:|x>" "</c4x/|o/c/asset/a>"`},
		{"address of a site", `"/courses/o/c/r/jump_to/x"`, `"</courses/|o/c/r/jump_to/x>"`},
		{"raw", `"/static/a.js?raw" "/static/b.js?x=raw"`, `"/static/a.js?raw" "</static/|b.js?x=raw>"`},
		{"raw elsewhere", `"/jump_to_id/a?raw"`, `"</jump_to_id/|a?raw>"`},
		{"left alone", `"/static/no" "/static/yes"`, `"/static/no" "</static/|yes>"`},
		{"no quotes", `/static/a.png url(/static/b.png)`, `/static/a.png url(/static/b.png)`},
		{"not at the beginning", `"x/static/a.png" "http://h/static/a.png"`, `"x/static/a.png" "http://h/static/a.png"`},
		{"not closed", `"/static/a.png`, `"/static/a.png`},
		{"closed on the next line", "\"/static/a.png\n\"", "\"/static/a.png\n\""},
		{"one after the other", `'/static/a''/static/b'`, `'</static/|a>''</static/|b>'`},
		{"empty name", `"/static/"`, `"</static/|>"`},
		{"empty", ``, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := course.RewriteLinks(tt.in, mark); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestRewriteLinksIsLinear(t *testing.T) {
	big := strings.Repeat(`"/static/x`+"\n", 1<<17) // never closed on its line
	if got := course.RewriteLinks(big, func(string, string) (string, bool) { return "", true }); got != big {
		t.Error("rewritten")
	}
}

func TestSplitLink(t *testing.T) {
	for in, want := range map[string][2]string{
		"a%20b.png?x=1#y": {"a b.png", "?x=1#y"},
		"a.png#y?z":       {"a.png", "#y?z"},
		"a%zz.png":        {"a%zz.png", ""},
		"a&amp;b.png":     {"a&b.png", ""},
	} {
		if name, tail := course.SplitLink(in); name != want[0] || tail != want[1] {
			t.Errorf("SplitLink(%q) = %q, %q", in, name, tail)
		}
	}
}

func TestRewriteQuery(t *testing.T) {
	mark := func(rest string) (string, bool) { return "<" + rest + ">", rest != "no" }
	for in, want := range map[string]string{
		"?img=/static/a.png&amp;b=/static/c.js#x": "?img=<a.png>&amp;b=<c.js>#x",
		"?img=/static/no&x=/static/y":             "?img=/static/no&x=<y>",
		"?img=/other/a.png":                       "?img=/other/a.png",
		"":                                        "",
	} {
		if got := course.RewriteQuery(in, mark); got != want {
			t.Errorf("RewriteQuery(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzRewriteLinks(f *testing.F) {
	f.Add(`<a href="/static/a.png?x=/static/b">\"/jump_to_id/x\" &quot;/course/&quot;`)
	f.Add(`"/static/` + "\n" + `'/c4x/'"`)
	f.Fuzz(func(t *testing.T, in string) {
		same := course.RewriteLinks(in, func(prefix, rest string) (string, bool) {
			if strings.Contains(rest, "\n") {
				t.Errorf("address over two lines: %q", rest)
			}
			course.SplitLink(rest)
			return prefix + rest, true
		})
		if same != in {
			t.Errorf("identity changed %q to %q", in, same)
		}
		course.RewriteQuery(in, func(string) (string, bool) { return "", true })
	})
}
