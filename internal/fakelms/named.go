package fakelms

import "time"

// Known is an LMS whose launches and answers were seen, as [Named] knows it.
type Known struct {
	Name  string // as in addresses
	Title string
}

// Names lists the LMSs that [Named] knows.
func Names() []Known {
	return []Known{
		{"moodle", "Moodle"}, {"canvas", "Canvas"}, {"blackboard", "Blackboard Learn"}, {"brightspace", "Brightspace (D2L)"},
		{"sakai", "Sakai"},
	}
}

// Named returns the personality of an LMS as its launches and answers were
// seen; false when there is none of this name.
func Named(name string) (Personality, bool) {
	p := Draw(0)
	p.WithRequest, p.StackLines, p.AnswerType, p.FutureLimit = false, false, "application/xml", time.Hour
	switch name {
	case "moodle":
		return Draw(0), true
	case "canvas":
		p.Family, p.Version, p.QueryInBody, p.Callback = "canvas", "cloud", true, true
		p.UserID, p.LinkID, p.GUID, p.Sourcedid, p.Extras, p.Staff = 2, 1, 1, 2, 1, false
		p.Return, p.Locale = 1, "en-US"
		p.OutcomePath, p.FailureStatus, p.FutureLimit = "/api/lti/v1/tools/71/grade_passback", 422, time.Minute
	case "blackboard":
		p.Family, p.Version = "BlackboardLearn", "3900.84.0-rel.12+abc"
		p.UserID, p.LinkID, p.Roles, p.Nonce, p.Sourcedid, p.Extras = 4, 2, 1, 1, 4, 4
		p.Locale, p.OutcomePath = "en-US", "/webapps/gradebook/lti11grade"
	case "brightspace":
		p.Family, p.Version = "desire2learn", "10.8.0"
		p.UserID, p.GUID, p.Roles, p.Order, p.Sourcedid, p.Extras = 3, 2, 2, 2, 5, 2
		p.Locale, p.OutcomePath = "EN-US__", "/d2l/le/lti/Outcome"
	case "sakai":
		p.Family, p.Version, p.SignatureMethod = "sakai", "23.1", hmacSHA256
		p.UserID, p.LinkID, p.GUID, p.Sourcedid, p.Extras, p.Staff = 1, 3, 1, 1, 5, false
		p.Locale, p.OutcomePath, p.PrettyXML = "en_US", "/imsblis/service/", true
	default:
		return Personality{}, false
	}
	return p, true
}

// Fault is a fault as a person may choose it.
type Fault struct{ Value, Title, Help string }

// LaunchFaults lists what can be wrong with a launch.
func LaunchFaults() []Fault { return faults(launchChoices()) }

// OutcomeFaults lists what can be wrong with a gradebook.
func OutcomeFaults() []Fault { return faults(outcomeChoices()) }

func faults(list []choice) []Fault {
	out := make([]Fault, 0, len(list))
	for _, c := range list {
		if c.Value != "" {
			out = append(out, Fault{c.Value, c.Name, c.Explanation})
		}
	}
	return out
}
