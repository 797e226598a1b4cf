package fakelms

import (
	"encoding/hex"
	"slices"
	"strconv"
)

// parameters returns everything of a launch but its OAuth part [LTI 1.1]. The
// lock is held by the caller.
func (l *LMS) parameters(u User, k Link, target string) []Pair {
	p := l.personality
	pairs := []Pair{
		{"lti_message_type", "basic-lti-launch-request"},
		{"lti_version", "LTI-1p0"},
		{"user_id", l.prefix + l.userID(u)},
		{"roles", p.roles(u)},
		{"context_id", l.prefix + l.contextID()},
		{"resource_link_id", l.prefix + l.linkID(k)},
	}
	pairs = append(pairs, p.person(u)...)
	pairs = append(pairs, p.instance(l.base, l.name)...)
	pairs = append(pairs, p.presentation(l.base, k, target)...)
	if k.Graded && (p.Staff || !u.Teacher) {
		pairs = append(pairs,
			Pair{"lis_outcome_service_url", l.outcomes() + p.OutcomePath},
			Pair{"lis_result_sourcedid", l.sourcedid(u, k, l.serial)})
	}
	return append(append(pairs, p.extras(u)...), l.extra...)
}

// userID returns the LMS's opaque id of u: the same at every launch.
func (l *LMS) userID(u User) string {
	sum := l.personality.digest("user" + u.Name)
	switch l.personality.UserID {
	case 1:
		return uuid(sum)
	case 2:
		return hex.EncodeToString(sum[:20])
	case 4:
		return hex.EncodeToString(sum[:16])
	case 3:
		return "org 7:" + u.Name + "+x@" + hex.EncodeToString(sum[:3]) + "/é"
	}
	return strconv.Itoa(3 + slices.Index(l.users, u))
}

func (l *LMS) contextID() string {
	sum := l.personality.digest("course")
	switch l.personality.UserID {
	case 1:
		return uuid(sum)
	case 2:
		return hex.EncodeToString(sum[:20])
	case 3:
		return "_41_1"
	case 4:
		return hex.EncodeToString(sum[:16])
	}
	return "2"
}

func (l *LMS) linkID(k Link) string {
	sum := l.personality.digest("link" + k.ID)
	number := strconv.Itoa(int(sum[0])<<8 + int(sum[1]))
	switch l.personality.LinkID {
	case 1:
		return hex.EncodeToString(sum[:20])
	case 2:
		return "_" + number + "_1"
	case 3:
		return "content:" + k.ID
	}
	return number
}

func (p Personality) roles(u User) string {
	role := "Learner"
	if u.Teacher {
		role = "Instructor"
	}
	switch p.Roles {
	case 1:
		return "urn:lti:role:ims/lis/" + role
	case 2:
		if u.Teacher {
			return "urn:lti:instrole:ims/lis/Administrator, Instructor, urn:lti:sysrole:ims/lis/User"
		}
		return "urn:lti:instrole:ims/lis/Student, urn:lti:role:ims/lis/Learner, urn:lti:sysrole:ims/lis/User"
	case 3:
		if u.Teacher {
			return "Instructor,Administrator"
		}
		return "Student,Learner"
	case 4:
		if u.Teacher {
			return "instructor"
		}
		return "learner"
	}
	return role
}

func (p Personality) person(u User) []Pair {
	names := []Pair{
		{"lis_person_name_given", u.Given},
		{"lis_person_name_family", u.Family},
		{"lis_person_name_full", u.FullName()},
	}
	email := Pair{"lis_person_contact_email_primary", u.Email()}
	switch p.Privacy {
	case 1:
		return []Pair{email}
	case 2:
		return names[2:]
	case 3:
		return []Pair{{"lis_person_sourcedid", ""}}
	case 4:
		return []Pair{{"lis_person_name_full", ""}, {"lis_person_contact_email_primary", ""}}
	}
	return append(names, email, Pair{"lis_person_sourcedid", "SIS-" + u.Name})
}

func (p Personality) instance(base, name string) []Pair {
	pairs := []Pair{
		{"tool_consumer_info_product_family_code", p.Family},
		{"tool_consumer_instance_name", name},
	}
	if !p.Terse {
		pairs = append(pairs,
			Pair{"tool_consumer_info_version", p.Version},
			Pair{"tool_consumer_instance_description", name + " of the Academy of Everything & More"},
			Pair{"tool_consumer_instance_url", base})
	}
	switch p.GUID {
	case 0:
		return append(pairs, Pair{"tool_consumer_instance_guid", hex.EncodeToString(p.digest("guid")[:16])})
	case 1:
		return append(pairs, Pair{"tool_consumer_instance_guid", "lms-" + strconv.FormatUint(p.Seed, 10) + ".school.example"})
	case 2:
		return append(pairs, Pair{"tool_consumer_instance_guid", ""})
	case 4:
		return append(pairs, Pair{"tool_consumer_instance_guid", "Academy Testing " + strconv.FormatUint(p.Seed, 10)})
	}
	return pairs
}

// courseTitle is what the LMS calls its only course.
const courseTitle = "Light and Colour, spring group"

func (p Personality) presentation(base string, k Link, target string) []Pair {
	pairs := []Pair{{"launch_presentation_document_target", target}}
	switch p.Return {
	case 0:
		pairs = append(pairs, Pair{"launch_presentation_return_url", base + "/return?course=2&link=" + escape(k.ID)})
	case 1:
		pairs = append(pairs, Pair{"launch_presentation_return_url", base + "/return"})
	case 2:
		pairs = append(pairs, Pair{"launch_presentation_return_url", ""})
	}
	if p.Terse {
		return pairs
	}
	description := "Read, try, and answer."
	if !p.Plain {
		description = "Line one\r\n\r\nLine two & <b>more</b>; 100 % \"quoted\", naïve – ✓"
	}
	return append(pairs,
		Pair{"launch_presentation_locale", p.Locale},
		Pair{"launch_presentation_width", ""},
		Pair{"context_title", courseTitle},
		Pair{"context_label", "LIGHT-1"},
		Pair{"context_type", "CourseSection"},
		Pair{"resource_link_title", k.Title},
		Pair{"resource_link_description", description})
}

// extras are parameters no tool knows all of; they are signed like the rest
// [LTI 1.1 §4.3].
func (p Personality) extras(u User) []Pair {
	switch p.Extras {
	case 0:
		return []Pair{{"ext_lms", "moodle-2"}, {"ext_user_username", u.Name}}
	case 1:
		return []Pair{
			{"custom_canvas_user_id", "$Canvas.user.id"}, {"custom_canvas_enrollment_state", "active"},
			{"ext_roles", "urn:lti:instrole:ims/lis/Student,urn:lti:role:ims/lis/Learner"},
			{"ext_outcome_data_values_accepted", "url,text"}, {"user_image", "https://lms.school.example/u.png?a=1&b=2"},
		}
	case 2:
		return []Pair{{"basiclti_submit", "Launch Endpoint with BasicLTI Data"}, {"ext_d2l_token_digest", "u+p/Q="}, {"custom_", ""}}
	case 4:
		return []Pair{
			{"ext_lms", "bb-3900.84.0-rel.12+abc"}, {"ext_launch_id", hex.EncodeToString(p.digest("launch" + u.Name)[:16])},
			{"ext_launch_presentation_css_url", "https://lms.school.example/a.css,https://lms.school.example/b.css"},
			{"custom_tc_profile_url", ""}, {"custom_caliper_profile_url", "https://lms.school.example/caliper"},
		}
	case 5:
		return []Pair{
			{"ext_lms", "sakai-23.1"}, {"ext_sakai_server", "https://lms.school.example"}, {"ext_sakai_eid", u.Name},
			{"ext_ims_lis_memberships_id", hex.EncodeToString(p.digest("members")[:32])},
		}
	}
	return nil
}
