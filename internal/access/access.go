// Package access lets people at an LMS that this site does not know ask for a
// consumer, when the operator takes such requests.
//
//	refused launch  its page offers a form; the form's address holds, sealed, what
//	                the launch said of its LMS: nothing is stored yet
//	form sent       one request, if the page is fresh, its LMS has none waiting,
//	                and neither the address nor the site has had too many
//	administrator   approves, which makes a consumer with a secret made here, or
//	                declines, with a reason; both are audited
//
// Nobody vouches for what a request says: not the launch, whose signature could
// not be checked, and not the person. Requests are deleted some time after they
// were decided.
package access

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"lectern/internal/errs"
	"lectern/internal/registry"
	"lectern/internal/sealed"
	"lectern/internal/store"
)

// Life is how long a page that offers the form works.
const Life = time.Hour

// How long requests are kept: after they were decided, and when nobody does.
const (
	KeptDays    = 30
	WaitingDays = 90
)

// Limits on what strangers can make this site keep.
const (
	mostFrom    = 5   // requests in an hour from one address
	mostAtAll   = 40  // in an hour
	mostWaiting = 100 // at once
	span        = time.Hour
)

// What can go wrong.
var (
	ErrOver = errs.New(errs.Forbidden, "access_page_over", "",
		"This page waited too long. Please open the content again from your course.",
		"The form to ask for access works for an hour after the launch that was refused.")
	ErrOften = errs.New(errs.TooMany, "access_requests_many", "",
		"Too many requests came in. Please try again later, or write to the people who run this site.",
		"At most 5 requests in an hour come from one address, 40 in all, and 100 wait at once.")
	ErrUnknown = errs.New(errs.NotFound, "access_request_unknown", "",
		"There is no such request. It may have been deleted.", "Requests are deleted 30 days after they were decided.")
	ErrDecided = errs.New(errs.Conflict, "access_request_decided", "",
		"Somebody else has decided this request already.", "")
)

// Launch is what a refused launch said. Nobody vouches for it.
type Launch struct {
	ConsumerKey  string `json:"k"`
	LMSName      string `json:"n"`
	LMSGUID      string `json:"g"`
	LMSFamily    string `json:"f"`
	ContextTitle string `json:"c"`
	LinkTitle    string `json:"l"`
	CourseKey    string `json:"o"`
	UsageKey     string `json:"u"`
	LaunchID     string `json:"i"` // of its row in the launch log
}

// Service keeps requests. It is safe for concurrent use.
type Service struct {
	Store    store.Store
	Registry *registry.Registry
	Keys     *sealed.Keyring
	Clock    func() time.Time
}

// offer is what the address of a form holds.
type offer struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Launch Launch    `json:"launch"`
}

// aad keeps offers apart from everything else that is sealed.
const aad = "access/offer"

// tokenMost is the longest token that is looked at, in bytes.
const tokenMost = 8 << 10

// Offer returns what opens the form for a refused launch, once, for an hour.
// Nothing is stored.
func (s *Service) Offer(l Launch) (token string, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("offer of access: %w", err)
	}
	plain, err := json.Marshal(offer{id.String(), s.Clock(), l.cut()})
	if err != nil {
		return "", fmt.Errorf("offer of access: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.Keys.Seal(aad, plain)), nil
}

// cut shortens what a launch said. A key that is longer than keys are is none.
func (l Launch) cut() Launch {
	if len(l.ConsumerKey) > 4*keyMost {
		l.ConsumerKey = ""
	}
	for _, text := range []*string{&l.LMSName, &l.LMSGUID, &l.LMSFamily, &l.ContextTitle, &l.LinkTitle, &l.CourseKey, &l.UsageKey} {
		*text = line(*text, saidMost)
	}
	return l
}

// Look returns what the launch said that a form is for, or [ErrOver].
func (s *Service) Look(token string) (*Launch, error) {
	o, err := s.open(token)
	if err != nil {
		return nil, err
	}
	return &o.Launch, nil
}

func (s *Service) open(token string) (*offer, error) {
	if len(token) > tokenMost {
		return nil, ErrOver
	}
	box, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, ErrOver
	}
	plain, err := s.Keys.Open(aad, box)
	if err != nil {
		return nil, ErrOver.With("a form that this site did not make") // the cause is of no use to anybody
	}
	o := &offer{}
	if err := json.Unmarshal(plain, o); err != nil {
		return nil, ErrOver.Wrap(err)
	}
	if age := s.Clock().Sub(o.At); age > Life || age < -time.Minute {
		return nil, ErrOver
	}
	return o, nil
}

// Send keeps a request, or counts it when its LMS has one waiting: waited then
// says so. A form that is sent again changes nothing. from is the sender's address,
// for the throttle. Its errors are [ErrOver], [ErrOften] and those of [Form.Clean].
func (s *Service) Send(ctx context.Context, token string, form Form, from string) (waited bool, err error) {
	o, err := s.open(token)
	if err != nil {
		return false, err
	}
	if form, err = form.Clean(); err != nil {
		return false, err
	}
	r := store.AccessRequest{
		ID: o.ID, LMS: o.Launch.lms(), AskedAt: s.Clock(),
		Name: form.Name, Institution: form.Institution, Email: form.Email, Message: form.Message,
		ConsumerKey: o.Launch.ConsumerKey, LMSName: o.Launch.LMSName, LMSGUID: o.Launch.LMSGUID, LMSFamily: o.Launch.LMSFamily,
		ContextTitle: o.Launch.ContextTitle, LinkTitle: o.Launch.LinkTitle, CourseKey: o.Launch.CourseKey,
		UsageKey: o.Launch.UsageKey, LaunchID: o.Launch.LaunchID,
	}
	var refused error
	err = s.Store.Update(ctx, func(tx store.Tx) error {
		refused, waited = nil, false
		_, err := tx.AccessRequests().ByID(ctx, r.ID)
		if !errors.Is(err, store.ErrNotFound) {
			return err // sent before, or a failure
		}
		if refused, err = s.room(ctx, tx, from); refused != nil || err != nil {
			return err // the try counts
		}
		fresh := r
		err = tx.AccessRequests().Create(ctx, &fresh)
		if errors.Is(err, store.ErrConflict) {
			waited = true
			return tx.AccessRequests().Repeat(ctx, r.LMS)
		}
		return err
	})
	return waited, errors.Join(err, refused)
}

// room counts a request and says whether there is room for it. Counting first
// makes requests that come at once wait for each other.
func (s *Service) room(ctx context.Context, tx store.Tx, from string) (refused, err error) {
	all, err := tx.Console().Throttle(ctx, []string{"access"}, s.Clock(), span)
	if err != nil {
		return nil, err
	}
	own, err := tx.Console().Throttle(ctx, []string{"access from:" + from}, s.Clock(), span)
	if err != nil {
		return nil, err
	}
	waiting, err := tx.AccessRequests().Waiting(ctx)
	if err == nil && (own > mostFrom || all > mostAtAll || waiting >= mostWaiting) {
		return ErrOften, nil
	}
	return nil, err
}

// lms is what tells LMSs apart that nobody vouches for: the key, so that nobody
// who does not know it can be in the way of those who do, and the GUID.
func (l *Launch) lms() string {
	sum := sha256.Sum256([]byte(l.ConsumerKey + "\x00" + strings.ToLower(l.LMSGUID)))
	return hex.EncodeToString(sum[:])
}

// Prune deletes at most limit requests that have been kept long enough.
func Prune(ctx context.Context, tx store.Tx, now time.Time, limit int) (int64, error) {
	return tx.AccessRequests().Prune(ctx, now.AddDate(0, 0, -KeptDays), now.AddDate(0, 0, -WaitingDays), limit)
}
