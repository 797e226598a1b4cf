package course_test

import (
	"testing"

	"lectern/internal/course"
)

func TestAssetsFind(t *testing.T) {
	a := course.NewAssets([]course.Asset{
		{Name: "Foo Bar.png", SHA256: "1"}, {Name: "foo_bar.png", SHA256: "2"}, {Name: "images/x.JPG", SHA256: "3"},
	})
	for name, want := range map[string]string{
		"Foo Bar.png": "1", "Foo_Bar.png": "1", "foo_bar.png": "2", "FOO_BAR.PNG": "1",
		"images/x.JPG": "3", "images_x.JPG": "3", "images/x.jpg": "3", "/images/x.JPG": "3", "NONE": "", "": "",
	} {
		got, ok := a.Find(name)
		if got.SHA256 != want || ok != (want != "") {
			t.Errorf("Find(%q) = %+v, %v; want %q", name, got, ok, want)
		}
	}
}
