package xmltree

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/errs"
)

func TestRoundTrip(t *testing.T) {
	for _, tt := range []struct{ name, in, wantXML, wantHTML string }{
		{"mixed content", "<p>a<b>c</b>d</p>", "<p>a<b>c</b>d</p>", "<p>a<b>c</b>d</p>"},
		{"attribute newline is a blank", "<a x='1\n2\t3&#10;4'/>", `<a x="1 2 3&#10;4"/>`, `<a x="1 2 3&#10;4"></a>`},
		{"carriage returns", "<a x='1\r\n2'>b\r\nc\rd</a>", "<a x=\"1 2\">b\nc\nd</a>", "<a x=\"1 2\">b\nc\nd</a>"},
		{"quotes in text are not attributes", "<a>it's\n<b x='y'/>\n</a>", "<a>it's\n<b x=\"y\"/>\n</a>",
			"<a>it's\n<b x=\"y\"></b>\n</a>"},
		{"comments and instructions go", "<a>x<!-- ' -->y<?pi '?>z</a>", "<a>xyz</a>", "<a>xyz</a>"},
		{"CDATA joins", "<a>1<![CDATA[<2> &amp;]]>3</a>", "<a>1&lt;2&gt; &amp;amp;3</a>", "<a>1&lt;2&gt; &amp;amp;3</a>"},
		{"HTML entities", "<a t='&eacute;'>&nbsp;&copy;</a>", "<a t=\"é\">\u00a0©</a>", "<a t=\"é\">\u00a0©</a>"},
		{"prefixes", "<svg xlink:href='a'><x:y/></svg>", `<svg xlink:href="a"><x:y/></svg>`,
			`<svg xlink:href="a"><x:y></x:y></svg>`},
		{"void and raw text", "<div><br/><script>a &lt; b &amp;&amp; c</script><i/></div>",
			"<div><br/><script>a &lt; b &amp;&amp; c</script><i/></div>",
			"<div><br><script>a < b && c</script><i></i></div>"},
		{"script cannot be closed from inside", `<script>"&lt;/SCRIPT>"</script>`,
			`<script>"&lt;/SCRIPT&gt;"</script>`, `<script>"<\/SCRIPT>"</script>`},
		{"style in svg is ordinary", "<svg><style>a&gt;b</style></svg>", "<svg><style>a&gt;b</style></svg>",
			"<svg><style>a&gt;b</style></svg>"},
		{"declaration", `<?xml version="1.0" encoding="UTF-8"?>` + "\n<a/>", "<a/>", "<a></a>"},
		{"latin-1", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a>\xe9</a>", "<a>é</a>", "<a>é</a>"},
		{"byte order mark", "\xef\xbb\xbf<a>é</a>", "<a>é</a>", "<a>é</a>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := ParseBytes([]byte(tt.in), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.wantXML, n.XML()); diff != "" {
				t.Errorf("XML (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.wantHTML, n.Clone().HTML()); diff != "" {
				t.Errorf("HTML (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     *errs.Error
		line     int
	}{
		{"empty", "", ErrMalformed, 1},
		{"only text", "hello", ErrMalformed, 1},
		{"mismatch", "<a>\n<b>\n</a>", ErrMalformed, 3},
		{"line after attribute newlines", "<a x='\n\n'>\n<b></c></a>", ErrMalformed, 4},
		{"open", "<a>\n<b>", ErrMalformed, 2},
		{"closes nothing", "</a>", ErrMalformed, 1},
		{"two roots", "<a/>\n<b/>", ErrMalformed, 2},
		{"bare ampersand", "<a>\n&</a>", ErrMalformed, 2},
		{"unknown entity", "<a>&xxe;</a>", ErrMalformed, 1},
		{"attribute twice", "<a x='1' x='2'/>", ErrMalformed, 1},
		{"unquoted", "<a x=1/>", ErrMalformed, 1},
		{"bad UTF-8", "<a>\xff</a>", ErrMalformed, 1},
		{"doctype", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", ErrDeclaration, 1},
		{"unknown encoding", `<?xml version="1.0" encoding="klingon"?><a/>`, ErrMalformed, 1},
		{"deep", strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300), ErrTooLarge, 1},
		{"wide", "<a>" + strings.Repeat("<b/>", 2000) + "</a>", ErrTooLarge, 1},
		{"long", "<a>" + strings.Repeat("x", 20000) + "</a>", ErrTooLarge, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseBytes([]byte(tt.in), Limits{Nodes: 1000, Bytes: 10000})
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %s", err, tt.want.Code)
			}
			var se *SyntaxError
			if !errors.As(err, &se) || se.Line != tt.line {
				t.Errorf("error %v, want line %d", err, tt.line)
			}
		})
	}
}

func TestQueries(t *testing.T) {
	n, err := Parse(strings.NewReader("<a>1<b i='1'>2<c/></b>3<b i='2'/> </a>"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Text(); got != "123 " {
		t.Errorf("Text = %q", got)
	}
	if got := n.Lead(); got != "1" {
		t.Errorf("Lead = %q", got)
	}
	if n.Find("c") == nil || n.Find("a") != nil || n.Child("c") != nil {
		t.Error("Find looks below the node, Child one level")
	}
	if got := len(n.FindAll("b", "c")); got != 3 {
		t.Errorf("FindAll found %d, want 3", got)
	}
	b := n.Elements("b")[1]
	b.SetAttr("i", "3")
	b.SetAttr("j", "4")
	b.DelAttr("i")
	if got := b.XML(); got != `<b j="4"/>` {
		t.Errorf("after attribute changes %s", got)
	}
	if !b.Blank() || n.Blank() {
		t.Error("Blank is for elements with nothing in them")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"<a x='1\n2'>b<c/></a>", "<a><![CDATA[x]]></a>", "<!DOCTYPE a>", "<?xml version='1.0'?><a/>", "<a>&nbsp;</a>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParseBytes(b, Limits{Bytes: 1 << 16})
		if err != nil {
			return
		}
		_ = n.HTML()
		again, err := ParseBytes([]byte(n.XML()), Limits{})
		if err != nil {
			t.Fatalf("own output is refused: %v\n%s", err, n.XML())
		}
		if got, want := again.XML(), n.XML(); got != want {
			t.Fatalf("second writing differs:\n%s\n%s", got, want)
		}
	})
}
