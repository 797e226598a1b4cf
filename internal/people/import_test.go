package people

import (
	"errors"
	"strings"
	"testing"
)

func TestReadPeople(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		want       []personLine
	}{
		{"header", "email,username,name\na@b.example,a,A\n", []personLine{{New: New{Username: "a", Email: "a@b.example", Name: "A"}, number: 2}}},
		{"no header", " a@b.example , a ", []personLine{{New: New{Username: "a", Email: "a@b.example"}, number: 1}}},
		{"admin", "a@b.example,a,,ADMIN", []personLine{{New: New{Username: "a", Email: "a@b.example", Admin: true}, number: 1}}},
		{"empty lines", "\n\na@b.example,a\n\n", []personLine{{New: New{Username: "a", Email: "a@b.example"}, number: 3}}},
		{"one field", "a@b.example", []personLine{{number: 1, problem: "The line needs e-mail, user name and name."}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readPeople(strings.NewReader(tt.file))
			if err != nil || len(got) != len(tt.want) {
				t.Fatalf("got %+v, %v", got, err)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("line %d: got %+v, want %+v", i, got[i], tt.want[i])
				}
			}
		})
	}
}

func FuzzReadPeople(f *testing.F) {
	f.Add("email,username,name\na@b.example,a,A,admin\n")
	f.Add("\ufeff\"a\",,,,\n")
	f.Fuzz(func(t *testing.T, file string) {
		lines, err := readPeople(strings.NewReader(file))
		if err != nil && !errors.Is(err, ErrImport) {
			t.Errorf("error %v", err)
		}
		for _, l := range lines {
			if l.problem == "" && (l.Email == "" || l.number < 1) {
				t.Errorf("line %+v", l)
			}
		}
	})
}
