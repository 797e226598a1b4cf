package lti_test

import (
	"testing"

	"lectern/internal/lti"
)

func TestSendsScore(t *testing.T) {
	for _, tt := range []struct {
		name  string
		roles lti.Roles
		want  bool
	}{
		{"learner", lti.Roles{Learner: true}, true},
		{"teacher", lti.Roles{Staff: true}, false},
		{"teacher who learns as well", lti.Roles{Staff: true, Learner: true}, true},
		{"mentor", lti.Roles{Mentor: true}, false},
		{"mentor who learns as well", lti.Roles{Mentor: true, Learner: true}, true},
		{"test user", lti.Roles{Learner: true, TestUser: true}, false},
		{"nobody known", lti.Roles{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.roles.SendsScore(&lti.Consumer{}); got != tt.want {
				t.Errorf("SendsScore = %v, want %v", got, tt.want)
			}
			if !tt.roles.SendsScore(&lti.Consumer{GradeStaff: true}) {
				t.Error("the operator wants everybody's scores sent")
			}
		})
	}
}

func TestTrusts(t *testing.T) {
	c := &lti.Consumer{TrustedDomains: []string{"school.example"}}
	for email, want := range map[string]bool{
		"a@school.example": true, "A@SCHOOL.example": true, `"x@evil.example"@school.example`: true,
		"a@x.school.example": false, "a@school.example.evil.example": false, "school.example": false, "@school.example": false,
		"a@school.example@evil.example": false, "": false, "a@": false,
	} {
		if got := c.Trusts(email); got != want {
			t.Errorf("Trusts(%q) = %v", email, got)
		}
	}
	if (&lti.Consumer{}).Trusts("a@school.example") {
		t.Error("nobody is trusted unless an operator says so")
	}
}
