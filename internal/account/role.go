package account

// Role is what somebody may do in the console.
type Role string

// The roles. Nobody is an administrator by [Account.Role]: see [Account.Admin].
const (
	NoRole        Role = ""
	Support       Role = "support"       // reads, but no secret
	CourseTeam    Role = "team"          // works on some courses, and imports new ones
	Administrator Role = "administrator" // everything
)

// Right is what a page of the console needs. The zero value is the most, so
// that a page that says nothing is for administrators.
type Right string

// The rights. Those about a course are meant for a course that somebody whose
// role is [CourseTeam] is in.
const (
	Administer  Right = ""
	Enter       Right = "enter"  // the console at all
	ReadSite    Right = "read"   // consumers, launches, accounts, audit
	ReadScores  Right = "scores" // of a course, or of the site
	ReadCourse  Right = "course" // content, report, links, learners
	WriteCourse Right = "work"   // dates, learners' work and scores, versions
	Import      Right = "import" // courses
)

// May reports whether the role has a right, on its own courses if the right is
// about a course.
func (r Role) May(right Right) bool {
	switch r {
	case Administrator:
		return true
	case Support:
		return right == Enter || right == ReadSite || right == ReadScores || right == ReadCourse
	case CourseTeam:
		return right == Enter || right == ReadScores || right == ReadCourse || right == WriteCourse || right == Import
	}
	return false
}

// Known reports whether r is one of the roles.
func (r Role) Known() bool {
	return r == NoRole || r == Support || r == CourseTeam || r == Administrator
}

// ConsoleRole is what the account may do in the console.
func (a *Account) ConsoleRole() Role {
	if a.Admin {
		return Administrator
	}
	return a.Role
}

// HasRights reports whether the account may do anything here that a learner may
// not: nobody becomes such an account by what an LMS says.
func (a *Account) HasRights() bool { return a.ConsoleRole() != NoRole }
