package keys_test

import (
	"errors"
	"strings"
	"testing"

	"lectern/internal/errs"
	"lectern/internal/keys"
)

// TestQuoteSlashes replays cases 188-190 of the provider survey.
func TestQuoteSlashes(t *testing.T) {
	for _, s := range []string{"", "foobar", "foo/bar", "foo/bar;", "foo;;bar", "foo;_bar", "foo/", "/bar",
		"foo//bar", "foo;;;bar"} {
		q := keys.QuoteSlashes(s)
		if strings.Contains(q, "/") || keys.UnquoteSlashes(q) != s {
			t.Errorf("quote(%q) = %q, back %q", s, q, keys.UnquoteSlashes(q))
		}
	}
	for in, want := range map[string]string{
		"foo/bar": "foo;_bar", "foo/bar;": "foo;_bar;;", "foo;;bar": "foo;;;;bar", "foo;_bar": "foo;;_bar",
		"foo//bar": "foo;_;_bar", "foo;;;bar": "foo;;;;;;bar",
		"i4x://org/course/problem/name": "i4x:;_;_org;_course;_problem;_name",
	} {
		if got := keys.QuoteSlashes(in); got != want {
			t.Errorf("quote(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"a;b": "a;b", "a;": "a;", "a;x;_b": "a;x/b", ";;_": ";_", ";;;_": ";/", "a%3B_b": "a%3B_b",
	} {
		if got := keys.UnquoteSlashes(in); got != want {
			t.Errorf("unquote(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParseLaunchPath(t *testing.T) {
	const course = "course-v1:edX+DemoX+D"
	const block = "block-v1:edX+DemoX+D+type@problem+block@x"
	for _, tt := range []struct {
		name, path string
		usage      string // want
		err        *errs.Error
	}{
		{"plain", course + "/" + block, block, nil},
		{"percent-encoded", "course-v1%3AedX%2BDemoX%2bD/block-v1%3AedX%2BDemoX%2BD%2Btype%40problem%2Bblock%40x", block, nil},
		{"slash after it", course + "/" + block + "/", "", keys.ErrAddress},
		{"two usage keys", course + "/" + block + "/" + block, "", keys.ErrAddress},
		{"old style", "edX/DemoX/2014/i4x://edX/DemoX/problem/x", "i4x://edX/DemoX/problem/x", nil},
		{"one slash after i4x", "edX/DemoX/2014/i4x:/edX/DemoX/problem/x", "", keys.ErrUsage},
		{"quoted slashes", "edX/DemoX/2014/i4x:;_;_edX;_DemoX;_problem;_x", "i4x://edX/DemoX/problem/x", nil},
		{"quoted slashes, encoded", "edX/DemoX/2014/i4x:%3B_%3B_edX%3B_DemoX%3B_problem%3B_x", "i4x://edX/DemoX/problem/x", nil},
		{"old usage in new course", course + "/i4x://edX/Other/problem/x", block, nil},
		{"new usage in old course", "edX/DemoX/2014/" + block, "i4x://edX/DemoX/problem/x", nil},
		{"usage of another course", "course-v1:edX+B+2/" + block, "block-v1:edX+B+2+type@problem+block@x", nil},
		{"draft branch is not served", course + "+branch@draft/" + block, block, nil},
		{"blanks for plus signs", "course-v1:edX DemoX D/" + block, "", keys.ErrAddress},
		{"blanks in the run", "course-v1:edX+DemoX+D d/" + block, "", keys.ErrCourse},
		{"no usage", course, "", keys.ErrAddress},
		{"empty usage", course + "/", "", keys.ErrAddress},
		{"not a key", course + "/not-a-key", "", keys.ErrUsage},
		{"library block", course + "/lib-block-v1:o+l+type@problem+block@x", "", keys.ErrUsage},
		{"newer library block", course + "/lb:org:lib:problem:p", "", keys.ErrUsage},
		{"library", "library-v1:o+l+run/" + block, "", keys.ErrCourse},
		{"version only", "course-v1:a+b+version@" + hex24 + "/" + block, "", keys.ErrCourse},
		{"no type", course + "/block-v1:edX+DemoX+D+block@x", "", keys.ErrUsage},
		{"question mark", course + "%3Fa/" + block, "", keys.ErrAddress},
		{"invalid UTF-8", course + "/" + block + "%ff", "", keys.ErrAddress},
		{"stray percent", course + "/" + block + "%zz", "", keys.ErrUsage},
		{"slash in an old name", "edX/DemoX/2014/i4x://edX/DemoX/problem/x/y", "", keys.ErrUsage},
		{"huge", course + "/" + strings.Repeat("a/", 1<<20), "", keys.ErrAddress},
		{"empty", "", "", keys.ErrAddress},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got, err := keys.ParseLaunchPath(tt.path)
			if tt.err != nil {
				if !errors.Is(err, tt.err) || errs.From(err).Kind != errs.NotFound {
					t.Errorf("got %v, want %s", err, tt.err.Code)
				}
				return
			}
			if err != nil || got.String() != tt.usage {
				t.Errorf("got %s, %v; want %s", got, err, tt.usage)
			}
		})
	}
}

func TestParseAsset(t *testing.T) {
	for _, tt := range []struct{ in, course, name string }{
		{"asset-v1:org+course+run+type@asset+block@pic.png", "course-v1:org+course+run", "pic.png"},
		{"/asset-v1:org+course+run+type@asset+block@pic.png", "course-v1:org+course+run", "pic.png"},
		{"/asset-v1:org+course+run+type@asset+block/js_x.js", "course-v1:org+course+run", "js_x.js"},
		{"/asset-v1:org+course+run+branch@draft+type@thumbnail+block@a@b.png", "course-v1:org+course+run+branch@draft", "a@b.png"},
		{"/c4x/org/course/asset/pic.png", "org/course/", "pic.png"},
		{"c4x/org/course/asset/pic.png", "org/course/", "pic.png"},
	} {
		got, err := keys.ParseAsset(tt.in)
		if err != nil || got.Name != tt.name || got.Course.String() != tt.course {
			t.Errorf("ParseAsset(%q) = %+v, %v", tt.in, got, err)
		}
	}
	for _, in := range []string{"", "/", "/c4x/org/course/asset/", "/c4x/org/course", "asset-v1:org+course+run+block@x",
		"asset-v1:org+course+run+type@asset+block@", "/static/x.png", "asset-v1:x y+c+r+type@asset+block@z"} {
		if got, err := keys.ParseAsset(in); !errors.Is(err, keys.ErrAsset) {
			t.Errorf("ParseAsset(%q) = %+v, %v; want ErrAsset", in, got, err)
		}
	}
}

func TestCleanAssetName(t *testing.T) {
	for in, want := range map[string]string{
		"Foo Bar.png": "Foo_Bar.png", "images/a (1).jpg": "images_a__1_.jpg", "ünï-50%.pdf": "ünï-50%.pdf", "": "",
	} {
		if got := keys.CleanAssetName(in); got != want {
			t.Errorf("CleanAssetName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOwn(t *testing.T) {
	old := keys.Course{Org: "o", Course: "c", Deprecated: true}
	now := keys.Course{Org: "o", Course: "c", Run: "r"}
	other := keys.Course{Org: "o", Course: "c", Run: "s"}
	if !now.Own(old) || !old.Own(now) || now.Own(other) {
		t.Error("Own: a key without a run names the course, another run does not")
	}
}

func FuzzParseLaunchPath(f *testing.F) {
	f.Add("course-v1:edX+DemoX+D/block-v1:edX+DemoX+D+type@problem+block@x")
	f.Add("edX/DemoX/2014/i4x:;_;_edX;_DemoX;_problem;_x")
	f.Add("a%2/%zz/;_;;")
	f.Fuzz(func(t *testing.T, path string) {
		c, u, err := keys.ParseLaunchPath(path)
		if err != nil {
			if errs.From(err).Kind != errs.NotFound {
				t.Fatalf("%q: %v", path, err)
			}
			return
		}
		if u.Course != c {
			t.Errorf("%q: usage %s outside course %s", path, u, c)
		}
		again, usage, err := keys.ParseLaunchPath(c.String() + "/" + keys.QuoteSlashes(u.String()))
		if err != nil && !strings.ContainsAny(c.String()+u.String(), "%") && len(u.String()) <= keys.MaxLength {
			t.Errorf("%q: %s %s does not parse again: %v", path, c, u, err)
		}
		if err == nil && (again != c || usage.ID != u.ID) && !strings.ContainsAny(c.String()+u.String(), "%") {
			t.Errorf("%q: came back as %s %s", path, again, usage)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	for _, s := range []string{"course-v1:a+b+c", "a/b/", "block-v1:a+b+c+type@p+block@x", "lb:a:b:c:d",
		"library-v1:a+b", "lib-block-v1:a+b+type@p+block@x", "i4x://a/b/c/d@e", "location:a+b+c+d+e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := keys.ParseCourse(s); err == nil {
			if again, err := keys.ParseCourse(c.String()); err != nil || again.String() != c.String() {
				t.Errorf("course %q: %s, %v", s, again, err)
			}
		}
		if u, err := keys.ParseUsage(s); err == nil {
			if again, err := keys.ParseUsage(u.String()); err != nil || again.String() != u.String() {
				t.Errorf("usage %q: %s, %v", s, again, err)
			}
		}
		if a, err := keys.ParseAsset(s); err == nil && a.Name == "" {
			t.Errorf("asset %q without a name", s)
		}
	})
}
