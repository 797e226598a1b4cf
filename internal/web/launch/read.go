package launch

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"lectern/internal/lti/lti11"
)

// read takes a message as it arrived, once.
func (h *Handler) read(a *arrival) (*lti11.Request, error) {
	if a.req != nil {
		return a.req, nil
	}
	r := a.r
	if r.Method != http.MethodPost {
		return nil, ErrVerb
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	a.req = &lti11.Request{
		Method: r.Method, Target: r.RequestURI, ContentType: r.Header.Get("Content-Type"),
		Body: body, Facts: h.facts(r), Origin: r.Header.Get("Origin"),
	}
	return a.req, nil
}

// readBody reads a launch, with the room that it says it needs.
func readBody(r *http.Request) ([]byte, error) {
	room := min(max(r.ContentLength, 0), maxBody) + bytes.MinRead
	body := bytes.NewBuffer(make([]byte, 0, room))
	if _, err := body.ReadFrom(io.LimitReader(r.Body, maxBody+1)); err != nil {
		return nil, ErrVerb.With("read body: %w", err)
	}
	if body.Len() > maxBody {
		return nil, ErrBody
	}
	return body.Bytes(), nil
}

// outdatedTries is how often a launch is looked at while things change.
const outdatedTries = 3

// outdated reports whether a launch may have been refused for what memory said
// of its consumer or course, which is out of date. Then it has to be looked at
// again.
func (h *Handler) outdated(a *arrival, err error) bool {
	ctx := a.r.Context()
	if errors.Is(err, ErrOutdated) {
		h.Memory.Forget(a.key)
		_, _ = h.Catalog.Course(ctx, a.courseID.String()) // remembers what is published now
		return true
	}
	if a.key != "" && h.Memory.Stale(ctx, a.key) {
		return true
	}
	if last := h.Catalog.Last(a.courseID.String()); last != nil && a.verified != nil {
		now, err := h.Catalog.Course(ctx, a.courseID.String())
		return err != nil || now != last
	}
	return false
}
