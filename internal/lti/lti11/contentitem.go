package lti11

import (
	"encoding/json"
	"fmt"
	"mime"
	"strconv"
	"strings"

	"lectern/internal/errs"
	"lectern/internal/oauth1"
)

// Message types and media types of Deep Linking 1.0.
const (
	ContentItemRequest = "ContentItemSelectionRequest"
	contentItemAnswer  = "ContentItemSelection"
	contentItemContext = "http://purl.imsglobal.org/ctx/lti/v1/ContentItem"
	ltiLinkType        = "application/vnd.ims.lti.v1.ltilink"
)

// maxData bounds what an LMS may have echoed, in bytes.
const maxData = 32 << 10

// Refusals of requests for content, all after the signature holds.
var (
	// ErrItemReturn means there is nowhere to send the choice.
	ErrItemReturn = errs.New(errs.Invalid, "content_item_return_refused", "DL1 content_item_return_url",
		"Your course site did not say where to send what you choose. Please tell your course administrator.",
		"content_item_return_url must be an http or https address with a host, of at most 4096 characters.")
	// ErrItemType means the LMS wants something else than links to a tool.
	ErrItemType = errs.New(errs.Invalid, "content_item_type_unsupported", "DL1 accept_media_types",
		"Your course site asked for a kind of content that this site does not have. Please tell your course administrator.",
		"accept_media_types must admit "+ltiLinkType+".")
	// ErrItemData means the opaque data is larger than we echo.
	ErrItemData = errs.New(errs.TooLarge, "content_item_data_too_large", "DL1 data",
		"The request that your course site sent is too large. Please tell your course administrator.",
		"The parameter data has at most 32 KiB.")
)

// ItemRequest is what an LMS asks for when a teacher is to choose content
// [DL1 §3.1]. It is kept, sealed, while the teacher chooses.
type ItemRequest struct {
	ReturnURL  string   // checked: an http or https address with a host
	Targets    []string // accept_presentation_document_targets, in the LMS's order
	Multiple   bool     // several items at once are welcome
	AutoCreate bool     // the LMS adds what it gets without asking again
	Data       string   // opaque; goes back as it came
	HasData    bool
	Title      string // the LMS's proposals; "" when it made none
	Text       string
}

// MessageType returns what the form of a request says that it is. Nothing of it
// is proven.
func (r *Request) MessageType() string {
	form, err := r.form()
	if fatal(err) {
		return ""
	}
	return last(form, "lti_message_type")
}

// ItemRequest reads a verified request for content. The errors are [ErrItemReturn],
// which leaves nowhere to answer, and then, with the request, [ErrItemData] and
// [ErrItemType].
func (v *Verified) ItemRequest() (*ItemRequest, error) {
	c := v.Launch.Consumer
	if kind := v.Param("lti_message_type"); kind != ContentItemRequest {
		return nil, refuse(ErrMessageType, c, "lti_message_type")
	}
	back, err := ReturnURL(v.Param("content_item_return_url"), true, "", "")
	if err != nil || !signable(back) {
		return nil, refuse(ErrItemReturn, c, "content_item_return_url")
	}
	r := &ItemRequest{
		ReturnURL: back, Targets: list(v.Param("accept_presentation_document_targets")),
		Multiple: truth(v.Param("accept_multiple")), AutoCreate: truth(v.Param("auto_create")),
		HasData: has(v.form, "data"), Data: v.Param("data"),
		Title: label(v.Param("title")), Text: label(v.Param("text")),
	}
	if len(r.Data) > maxData {
		r.Data, r.HasData = "", false
		return r, refuse(ErrItemData, c, "data")
	}
	if !admits(v.Param("accept_media_types"), ltiLinkType) {
		return r, refuse(ErrItemType, c, "accept_media_types")
	}
	return r, nil
}

// signable reports whether a signature can cover posting to an address.
func signable(address string) bool {
	a, err := oauth1.ParseAddress(address)
	if err != nil {
		return false
	}
	_, err = oauth1.ParseForm([]byte(a.RawQuery), oauth1.LaunchLimits())
	return err == nil
}

// Target returns where links should open: the first of the LMS's targets that
// suits us best, or "" when it names none that does.
func (r *ItemRequest) Target() string {
	for _, want := range []string{"iframe", "frame", "window", "popup"} {
		for _, t := range r.Targets {
			if t == want {
				return t
			}
		}
	}
	return ""
}

// list splits a comma list into lower-case words.
func list(value string) []string {
	var out []string
	for word := range strings.SplitSeq(strings.ToLower(value), ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

func truth(value string) bool { return strings.EqualFold(strings.TrimSpace(value), "true") }

// admits reports whether an Accept list takes a media type: the most exact
// range that matches decides [RFC9110 §12.5.1]. An empty list takes everything.
func admits(accept, want string) bool {
	if strings.TrimSpace(accept) == "" {
		return true
	}
	major, _, _ := strings.Cut(want, "/")
	best, ok := 0, false
	for entry := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(entry))
		if err != nil && media == "" {
			continue
		}
		exact := map[string]int{want: 3, major + "/*": 2, "*/*": 1}[media]
		if exact <= best {
			continue
		}
		best, ok = exact, true
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q <= 0 {
			ok = false
		}
	}
	return ok
}

// Item is one link that a teacher chose.
type Item struct {
	URL    string
	Title  string
	Text   string  // "" for none
	Target string  // see [ItemRequest.Target]; "" leaves it to the LMS
	Points float64 // of the gradebook entry that the link should get; 0: none
	// Activity names the content beside the link, so that an LMS recognises it.
	Activity string
	Custom   []oauth1.Pair // custom parameters, in order
}

// linkItem is an Item as Deep Linking 1.0 writes it [DL1 §3.2].
type linkItem struct {
	Type      string            `json:"@type"`
	ID        string            `json:"@id"`
	MediaType string            `json:"mediaType"`
	URL       string            `json:"url"`
	Title     string            `json:"title"`
	Text      string            `json:"text,omitempty"`
	Placement *placementAdvice  `json:"placementAdvice,omitempty"`
	Custom    map[string]string `json:"custom,omitempty"`
	LineItem  *lineItem         `json:"lineItem,omitempty"`
}

type placementAdvice struct {
	Target string `json:"presentationDocumentTarget"`
}

type lineItem struct {
	Type      string            `json:"@type"`
	Label     string            `json:"label"`
	Method    string            `json:"reportingMethod"`
	Activity  *assignedActivity `json:"assignedActivity,omitempty"`
	Maximum   float64           `json:"maximumScore"`
	Constrain scoreConstraints  `json:"scoreConstraints"`
}

type assignedActivity struct {
	ID string `json:"activityId"`
}

type scoreConstraints struct {
	Type   string  `json:"@type"`
	Normal float64 `json:"normalMaximum"`
}

// ItemAnswer is what goes back to the LMS.
type ItemAnswer struct {
	Items []Item
	Msg   string // lti_msg: for the teacher; "" for none
	Error string // lti_errormsg, instead of items
	Log   string // lti_errorlog
}

// Form returns the answer to r, signed by s, to be posted to r's return address.
// Without items nothing was chosen.
func (a ItemAnswer) Form(r *ItemRequest, s oauth1.Signer) ([]oauth1.Pair, error) {
	form := []oauth1.Pair{{Name: "lti_message_type", Value: contentItemAnswer}, {Name: "lti_version", Value: "LTI-1p0"}}
	if len(a.Items) > 0 {
		text, err := a.graph()
		if err != nil {
			return nil, err
		}
		form = append(form, oauth1.Pair{Name: "content_items", Value: text})
	}
	if r.HasData {
		form = append(form, oauth1.Pair{Name: "data", Value: r.Data})
	}
	for _, p := range []oauth1.Pair{
		{Name: "lti_msg", Value: a.Msg}, {Name: "lti_errormsg", Value: a.Error}, {Name: "lti_errorlog", Value: a.Log},
	} {
		if p.Value != "" {
			form = append(form, oauth1.Pair{Name: p.Name, Value: short(p.Value)})
		}
	}
	form = append(form, oauth1.Pair{Name: "oauth_callback", Value: "about:blank"})
	signed, err := s.Form(r.ReturnURL, form)
	if err != nil {
		return nil, fmt.Errorf("sign the answer to a request for content: %w", err)
	}
	return signed, nil
}

// graph returns the JSON-LD of the items.
func (a ItemAnswer) graph() (string, error) {
	items := make([]linkItem, len(a.Items))
	for i, it := range a.Items {
		items[i] = it.link(i + 1)
	}
	b, err := json.Marshal(map[string]any{"@context": contentItemContext, "@graph": items})
	if err != nil {
		return "", fmt.Errorf("content items: %w", err)
	}
	return string(b), nil
}

func (it Item) link(number int) linkItem {
	l := linkItem{
		Type: "LtiLinkItem", ID: ":item" + strconv.Itoa(number), MediaType: ltiLinkType,
		URL: it.URL, Title: it.Title, Text: it.Text,
	}
	if it.Target != "" {
		l.Placement = &placementAdvice{it.Target}
	}
	for _, p := range it.Custom {
		if l.Custom == nil {
			l.Custom = map[string]string{}
		}
		l.Custom[p.Name] = p.Value
	}
	if it.Points > 0 {
		l.LineItem = &lineItem{
			Type: "LineItem", Label: it.Title, Method: "res:totalScore", Maximum: it.Points,
			Constrain: scoreConstraints{"NumericLimits", it.Points},
		}
		if it.Activity != "" {
			l.LineItem.Activity = &assignedActivity{it.Activity}
		}
	}
	return l
}
