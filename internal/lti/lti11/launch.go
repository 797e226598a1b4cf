package lti11

import (
	"strings"

	"lectern/internal/lti"
	"lectern/internal/oauth1"
)

// launch reads a verified form. Only the body counts: query pairs of the
// launch address are signed but never read.
func launch(form []oauth1.Pair, c *lti.Consumer, origin string) lti.Launch {
	get := func(name string) string { return last(form, name) }
	l := lti.Launch{
		Consumer: c,
		User: lti.User{
			ID:         identity(get("user_id")),
			Email:      strings.ToLower(strings.TrimSpace(identity(get("lis_person_contact_email_primary")))),
			FullName:   label(get("lis_person_name_full")),
			GivenName:  label(get("lis_person_name_given")),
			FamilyName: label(get("lis_person_name_family")),
		},
		Roles: parseRoles(get("roles")),
		Context: lti.Context{
			ID:    identity(get("context_id")),
			Title: label(get("context_title")),
			Label: label(get("context_label")),
		},
		ResourceLink: lti.ResourceLink{
			ID:    identity(get("resource_link_id")),
			Title: label(get("resource_link_title")),
		},
		Outcome: lti.Outcome{
			ServiceURL: label(get("lis_outcome_service_url")),
			SourcedID:  resolved(get("lis_result_sourcedid")),
		},
		Presentation: lti.Presentation{
			Target: label(get("launch_presentation_document_target")),
			Locale: label(get("launch_presentation_locale")),
		},
		Instance: lti.Instance{
			GUID:   label(get("tool_consumer_instance_guid")),
			Name:   label(get("tool_consumer_instance_name")),
			Family: label(get("tool_consumer_info_product_family_code")),
		},
	}
	plain := strings.HasPrefix(origin, "http://") || strings.HasPrefix(l.Outcome.ServiceURL, "http://")
	if u, err := ReturnURL(get("launch_presentation_return_url"), plain, "", ""); err == nil {
		l.Presentation.ReturnURL = u
	}
	return l
}

// identity returns value unless it is an unresolved variable. A value that
// holds a "$" anywhere is not trusted to tell two people or courses apart.
func identity(value string) string {
	if strings.Contains(value, "$") {
		return ""
	}
	return value
}

// resolved returns value unless it is a whole unresolved variable such as
// $Person.name.full or ${user}. The text is otherwise kept byte for byte.
func resolved(value string) string {
	if strings.HasPrefix(value, "$") {
		return ""
	}
	return value
}

// label is a resolved value without blanks around it.
func label(value string) string { return strings.TrimSpace(resolved(value)) }

// parseRoles reads the comma list of roles. Only roles in the context count:
// institution and system roles never raise anybody. Whoever has neither a
// staff nor a mentor role is a learner.
func parseRoles(list string) lti.Roles {
	var r lti.Roles
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		if testUser(entry) {
			r.TestUser = true
			continue
		}
		role, sub := contextRole(entry)
		switch role {
		case "learner", "student":
			r.Learner = true
		case "instructor", "teachingassistant", "administrator", "contentdeveloper":
			r.Staff = true
		case "mentor", "observer":
			r.Mentor = true
		case "manager":
			if strings.HasSuffix(sub, "observer") {
				r.Mentor = true
			}
		}
	}
	if !r.Staff && !r.Mentor {
		r.Learner = true
	}
	return r
}

func testUser(entry string) bool {
	e := strings.ToLower(entry)
	return e == "testuser" || e == "http://purl.imsglobal.org/vocab/lti/system/person#testuser"
}

// contextRole returns principal role and sub-role of an entry in lower case,
// or two empty strings when it is no role in the context.
func contextRole(entry string) (role, sub string) {
	e := strings.ToLower(entry)
	switch {
	case strings.HasPrefix(e, "urn:lti:role:ims/lis/"):
		e = strings.TrimPrefix(e, "urn:lti:role:ims/lis/")
	case strings.HasPrefix(e, "http://purl.imsglobal.org/vocab/lis/v2/membership"):
		e = strings.TrimPrefix(e, "http://purl.imsglobal.org/vocab/lis/v2/membership")
		e = strings.TrimLeft(e, "#/")
	case strings.Contains(e, ":"):
		return "", ""
	}
	role, sub, _ = strings.Cut(strings.ReplaceAll(e, "#", "/"), "/")
	return role, sub
}
