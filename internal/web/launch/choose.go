package launch

import (
	"log/slog"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"lectern/internal/errs"
	"lectern/internal/launchlog"
	"lectern/internal/lti/lti11"
	"lectern/internal/oauth1"
	"lectern/internal/selection"
	"lectern/internal/store"
	"lectern/internal/telemetry"
)

// SelectPath is the address that LMSs ask for content at: the one tool URL that
// an LMS needs when teachers choose content there. Requests for content are also
// taken at every launch address.
const SelectPath = "/lti_provider/content_item"

// Refusals of requests for content.
var (
	ErrNotChosen = errs.New(errs.NotFound, "launch_content_not_chosen", "DL1",
		"No content was chosen for this link yet. Please tell your teacher.",
		"The link has the address for choosing content. Edit it in the LMS and use “Select content”, "+
			"or give it the LTI link of a piece of a course.")
	ErrLearnerChooses = errs.New(errs.Forbidden, "content_item_role", "DL1 §3.1",
		"Only teachers of a course can choose content for it.",
		"The LMS says that this person neither teaches, assists, administers nor develops the course.")
)

// choose takes a message at [SelectPath].
func (h *Handler) choose(a *arrival) (location string, err error) {
	req, err := h.read(a)
	if err != nil {
		return "", err
	}
	if req.MessageType() == lti11.ContentItemRequest {
		return h.selects(a, req)
	}
	if err := h.verify(a, req); err != nil {
		return "", err
	}
	return "", ErrNotChosen
}

// selects takes a request for content and returns where to choose. A request
// that is sound but asks for what is not here, or comes from a learner, leads to
// a page that says so and takes the person back.
func (h *Handler) selects(a *arrival, req *lti11.Request) (location string, err error) {
	verified, err := h.Verifier.VerifyMessage(a.r.Context(), req)
	a.verified = verified
	if verified != nil {
		a.origins = origins(a.r, &verified.Launch)
		launchlog.Proven(&a.entry, verified)
	}
	if err != nil {
		return "", err
	}
	if h.Memory.Stale(a.r.Context(), verified.Launch.Consumer.Key) {
		return "", ErrOutdated
	}
	if err := h.within(verified.Launch.Consumer); err != nil {
		return "", err
	}
	item, err := verified.ItemRequest()
	if item == nil {
		return "", err
	}
	if err == nil && !verified.Launch.Roles.Staff {
		err = ErrLearnerChooses
	}
	l := &verified.Launch
	mark, errMark := h.Selections.Mark(a.r.Context(), l.Consumer.Key, verified.Secret)
	if errMark != nil {
		return "", errMark
	}
	kept := &selection.Request{
		Item: *item, Secret: mark, Method: oauth1.Method(verified.Param("oauth_signature_method")),
		Context: cut(l.Context.Title, 255), Locale: cut(l.Presentation.Locale, 64),
	}
	if err != nil {
		e := errs.From(err)
		kept.Refused, kept.Code = e.Public, e.Code
		a.entry.Code = e.Code
	}
	a.entry.Detail = strings.TrimSuffix("choosing content; "+a.entry.Detail, "; ")
	return h.openSelection(a, kept)
}

// openSelection writes everything that a good request for content leaves behind.
func (h *Handler) openSelection(a *arrival, kept *selection.Request) (location string, err error) {
	ctx := a.r.Context()
	made, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	var id, token string
	err = h.Store.Update(ctx, func(tx store.Tx) error {
		id = made.String()
		taken, err := h.useNonce(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if taken != nil {
			if err := judge(a, taken); err != nil {
				return err
			}
			id = taken.LaunchID
			token, err = h.Selections.Renew(ctx, tx, id, a.r.UserAgent())
			return err
		}
		token, err = h.Selections.Open(ctx, tx, id, a.verified.Launch.Consumer.ID, kept, a.r.UserAgent())
		if err != nil {
			return err
		}
		return h.learn(ctx, tx, a)
	})
	if err != nil {
		return "", err
	}
	telemetry.Add(ctx, slog.String("selection", id), slog.String("consumer", a.entry.ConsumerID))
	return "/select/" + url.PathEscape(id) + "/~" + token + "/", nil
}
