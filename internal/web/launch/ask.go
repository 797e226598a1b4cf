package launch

import (
	"errors"

	"lectern/internal/access"
	"lectern/internal/lti/lti11"
	"lectern/internal/web"
)

// ask offers a form to ask for access where a launch was refused for its key, but
// not to an operator who tests that.
func (h *Handler) ask(a *arrival, err error) {
	var refusal *lti11.Refusal
	if h.Ask == nil || a.entry.TestID != "" || !errors.Is(err, lti11.ErrConsumerUnknown) || !errors.As(err, &refusal) {
		return
	}
	said := refusal.Sent.Param
	web.PageOf(a.r).AskURL = h.Ask(access.Launch{
		ConsumerKey: refusal.Key, LMSName: said("tool_consumer_instance_name"), LMSGUID: said("tool_consumer_instance_guid"),
		LMSFamily: said("tool_consumer_info_product_family_code"), ContextTitle: said("context_title"),
		LinkTitle: said("resource_link_title"), CourseKey: a.courseID.String(), UsageKey: a.usage.String(), LaunchID: a.entry.ID,
	})
}
