package connect

import "lectern/internal/locale"

// Where the steps come from.
const (
	moodleSeen    = "a running Moodle 4.5.6, what it sent and took"
	moodleDocs    = "https://support.scorm.com/hc/en-us/articles/9170206910235-Setting-up-LTI-1-3-in-Moodle-from-Content-Controller"
	moodleForm    = "https://helpcentre.eskilled.com.au/portal/en/kb/articles/how-to-connect-external-platform-via-lti"
	canvasManual  = "https://community.canvaslms.com/t5/Admin-Guide/How-do-I-configure-a-manual-entry-external-app-for-an-account/ta-p/219"
	canvasXML     = "https://github.com/instructure/canvas-lms/blob/master/doc/api/tools_xml.md"
	canvasItems   = "https://github.com/instructure/canvas-lms/blob/master/doc/api/content_item.md"
	blackboardDoc = untold
	brightspace   = "https://documentation.brightspace.com/EN/le/lti/admin/set_up_integration_with_tool_provider.htm"
	brightspace2  = "https://community.d2l.com/brightspace/kb/articles/4260-set-up-integration-with-a-tool-provider"
	sakaiDocs     = untold
	untold        = "common knowledge of its menus, no page at hand"
	schoologyDoc  = "https://support.schoology.com/hc/en-us/articles/201001113-System-Management-of-External-Tools-Enterprise-"
	lti11         = "LTI 1.1 Implementation Guide"
	read          = "2026-11"
)

// Guides returns every LMS there is a guide for, and one for all others.
func Guides() []Guide {
	return []Guide{canvas(), moodle(), blackboard(), d2l(), sakai(), schoology(), other()}
}

func credentials() []Value {
	return []Value{{"Consumer key", "{key}"}, {"Shared secret", "{secret}"}}
}

func canvas() Guide {
	return Guide{
		ID: "canvas", Name: "Canvas",
		Intro: "An administrator of the account adds an app once. Teachers then choose content in assignments and modules.",
		Steps: []Step{
			{Do: "In Admin, choose the account, then Settings, Apps, View App Configurations, + App.", Source: canvasManual, Date: read},
			{
				Do:     "Choose the configuration type “By URL” and fill in the form. Canvas fetches the configuration itself, so this site must be reachable from it.",
				Values: append([]Value{{"Name", "Lectern"}, {"Config URL", "{config}"}}, credentials()...), Source: canvasXML, Date: read,
			},
			{
				Do:     "Or choose “Manual Entry”: it makes links work that you paste, but no choosing of content.",
				Values: append([]Value{{"Name", "Lectern"}, {"Launch URL", "{select}"}, {"Domain", "{domain}"}}, credentials()...),
				Source: canvasManual, Date: read,
			},
			{Do: "Set Privacy to “Email Only” or “Public” where this consumer requires user accounts; else “Anonymous” is enough.", Source: canvasManual, Date: read},
			{Do: "In a course, make an assignment with the submission type External Tool, press Find and choose Lectern: the content of this site opens to choose from. The assignment is graded from there.", Source: canvasItems, Date: read},
		},
		Notes: []Step{
			{Do: "To bring the links of a whole course, import its Common Cartridge in the course's settings. The app must be there first: Canvas finds it by its domain.", Source: canvasXML, Date: read},
			{Do: "Canvas sends one Instance guid for all tools of an account; it is information only.", Source: canvasXML, Date: read},
		},
	}
}

func moodle() Guide {
	return Guide{
		ID: "moodle", Name: "Moodle",
		Intro: "A site administrator adds the tool once. Since Moodle 4.3 a teacher cannot paste the address of a link any more: content is chosen with “Select content”.",
		Steps: []Step{
			{Do: "In Site administration, Plugins, External tool, Manage tools, choose “configure a tool manually”.", Source: moodleDocs, Date: read},
			{
				Do:     "Fill in the form.",
				Values: append([]Value{{"Tool name", "Lectern"}, {"Tool URL", "{select}"}, {"LTI version", "LTI 1.0/1.1"}}, credentials()...),
				Source: moodleForm, Date: read,
			},
			{
				Do:     "In the same form, let teachers choose content.",
				Values: []Value{{"Supports Deep Linking (Content-Item Message)", "ticked"}, {"Content Selection URL", "{select}"}, {"Tool configuration usage", "Show in activity chooser and as a preconfigured tool"}},
				Source: moodleDocs, Date: read,
			},
			{
				Do:     "Under Privacy, say what Moodle shares. Without grades no score can come back; without the e-mail address nobody can be asked to sign in here.",
				Values: []Value{{"Accept grades from the tool", "Always"}, {"Share launcher's email with the tool", "Always, where this consumer requires user accounts"}},
				Source: untold, Date: read,
			},
			{Do: "In a course, add the activity, press “Select content”, tick what to add, and save.", Source: moodleSeen, Date: read, Verified: true},
		},
		Notes: []Step{
			{Do: "A request for content says that several pieces may be chosen at once; the answer makes a link with a gradebook entry.", Source: moodleSeen, Date: read, Verified: true},
			{Do: "Content opens embedded in a frame; cookies that browsers keep for frames are enough, and none are needed.", Source: moodleSeen, Date: read, Verified: true},
			{Do: "Scores go to Moodle's server at /mod/lti/service.php, so this site must reach it.", Source: moodleSeen, Date: read, Verified: true},
			{Do: "Where privacy keeps everything back a learner is anonymous and, without grades, no score is sent.", Source: moodleSeen, Date: read, Verified: true},
			{Do: "Where the activity form still takes a Tool URL (before Moodle 4.3), paste an LTI link, or the address of its cartridge.xml.", Source: "Moodle's source, mod/lti/locallib.php", Date: read},
		},
	}
}

func blackboard() Guide {
	return Guide{
		ID: "blackboard", Name: "Blackboard Learn",
		Intro: "An administrator registers the site's domain once; instructors then paste LTI links, or choose content if a placement for it is made.",
		Steps: []Step{
			{Do: "In the Administrator Panel, Integrations, LTI Tool Providers, choose “Register LTI 1.1 Provider”.", Source: blackboardDoc, Date: read},
			{
				Do:     "Fill in the form and approve the provider.",
				Values: append([]Value{{"Provider Domain", "{domain}"}, {"Default Configuration", "Set globally"}}, []Value{{"Tool Provider Key", "{key}"}, {"Tool Provider Secret", "{secret}"}}...),
				Source: blackboardDoc, Date: read,
			},
			{Do: "Let it send user data: role always, the e-mail address where this consumer requires user accounts.", Source: blackboardDoc, Date: read},
			{
				Do:     "For choosing content, open the provider's menu, Manage Placements, Create Placement.",
				Values: []Value{{"Type", "Deep Linking content tool"}, {"Tool Provider URL", "{select}"}},
				Source: blackboardDoc, Date: read,
			},
			{Do: "Or, in a course, Build Content, Web Link: paste an LTI link, tick “This link is to a Tool Provider”, and enable evaluation for a score.", Source: blackboardDoc, Date: read},
		},
		Notes: []Step{{Do: "An instructor who is only an administrator of the system, not of the course, counts as a learner here.", Source: "captured launches in public projects", Date: read}},
	}
}

func d2l() Guide {
	return Guide{
		ID: "brightspace", Name: "Brightspace (D2L)",
		Intro: "An administrator makes a tool provider once; course teams then add links, or insert content if a plugin for it is made.",
		Steps: []Step{
			{Do: "In Admin Tools, External Learning Tools, Manage Tool Providers, choose “New Tool Provider”.", Source: brightspace, Date: read},
			{
				Do: "Fill in the form. The launch point covers every link of this site; leave out the https://.",
				Values: []Value{
					{"Launch Point", "{domain}"}, {"Version", "LTI 1.1"}, {"OAuth Signature Method", "HMAC-SHA1 or HMAC-SHA256"},
					{"Use custom tool consumer information instead of default", "ticked"}, {"Key", "{key}"}, {"Secret", "{secret}"},
				},
				Source: brightspace, Date: read,
			},
			{Do: "Under Security Settings, send user ID, course information and, where this consumer requires user accounts, the e-mail address.", Source: brightspace, Date: read},
			{Do: "In Manage External Learning Tool Links, New Link, paste an LTI link; add it in Content by Add Existing Activities, External Learning Tools, and make a grade item for it.", Source: brightspace, Date: read},
			{
				Do:     "For choosing content (Content-Item Message 1.0), make a remote plugin.",
				Values: []Value{{"LTI Launch URL", "{select}"}, {"OAuth Key", "{key}"}, {"OAuth Secret", "{secret}"}},
				Source: brightspace2, Date: read,
			},
		},
		Notes: []Step{{Do: "A link whose address is below no tool provider's launch point is signed with nothing that this site knows.", Source: brightspace2, Date: read}},
	}
}

func sakai() Guide {
	return Guide{
		ID: "sakai", Name: "Sakai",
		Intro: "An administrator installs the tool for all sites; instructors may also install it in one site, if Sakai lets them.",
		Steps: []Step{
			{Do: "In the Administration Workspace, External Tools, choose “Install LTI 1.x Tool”.", Source: sakaiDocs, Date: read},
			{
				Do: "Fill in the form. Sakai tells tools apart by their address, so one entry covers what is chosen through it.",
				Values: []Value{
					{"Tool Title", "Lectern"}, {"Launch URL", "{select}"}, {"Launch Key", "{key}"}, {"Launch Secret", "{secret}"},
				},
				Source: sakaiDocs, Date: read,
			},
			{
				Do: "Say what the tool may do.",
				Values: []Value{
					{"Send User Names to External Tool", "as this consumer needs it"}, {"Send Email Addresses to External Tool", "where this consumer requires user accounts"},
					{"Allow External Tool to return grades", "ticked"}, {"Allow the tool to be one of the tools that handle content items", "ticked"},
				},
				Source: sakaiDocs, Date: read,
			},
			{Do: "In a site, Lessons, Add Content, Add External Tool, choose Lectern, and choose the content.", Source: sakaiDocs, Date: read},
		},
	}
}

func schoology() Guide {
	return Guide{
		ID: "schoology", Name: "Schoology",
		Intro: "A system administrator adds a provider once; instructors then add External Tools with an LTI link.",
		Steps: []Step{
			{Do: "In Tools, School Management, Integration, External Tools, choose “Add External Tool Provider”.", Source: schoologyDoc, Date: read},
			{
				Do: "Fill in the form.",
				Values: append([]Value{
					{"Tool Name", "Lectern"}, {"Configuration Type", "Manual"}, {"Match By", "Domain"}, {"Domain/URL", "{domain}"},
				}, credentials()...),
				Source: schoologyDoc, Date: read,
			},
			{Do: "Set Privacy to send name and e-mail address where this consumer requires user accounts.", Source: schoologyDoc, Date: read},
			{Do: "In a course, Add Materials, Add File/Link/External Tool, External Tool: choose Lectern, paste an LTI link, and enable grading.", Source: schoologyDoc, Date: read},
		},
		Notes: []Step{{Do: "Choosing content inside Schoology needs LTI 1.3, which this site does not speak yet; paste links instead.", Source: "https://developers.schoology.com/app-platform/lti-apps", Date: read}},
	}
}

func other() Guide {
	return Guide{
		ID: "other", Name: locale.Text("Any other LMS"),
		Intro: "Whatever speaks LTI 1.1 works: it needs a key, a secret and the address of what to open.",
		Steps: []Step{
			{
				Do:     "Make an external tool (also called LTI tool, tool provider or app) of LTI version 1.0 or 1.1.",
				Values: append(credentials(), Value{"Launch URL of a link", "an LTI link from a course's page; it begins with {links}"}),
				Source: lti11, Date: read,
			},
			{Do: "If the LMS knows one address for the whole tool and content selection (Content-Item, Deep Linking 1.0), give it this one.", Values: []Value{{"Tool URL", "{select}"}}, Source: "Content-Item Message 1.0", Date: read},
			{Do: "Let it send user ID and roles, the e-mail address where this consumer requires user accounts, and accept grades from the tool.", Source: lti11, Date: read},
			{Do: "If it asks for a signature method, HMAC-SHA1 works everywhere; HMAC-SHA256 is fine too.", Source: lti11, Date: read},
		},
		Notes: []Step{{Do: "If it imports Common Cartridge 1.1, a course's page makes one with all links.", Source: "Common Cartridge 1.1", Date: read}},
	}
}
