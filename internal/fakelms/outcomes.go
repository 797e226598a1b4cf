package fakelms

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// Why a score is refused, in the words of the LMS.
var (
	errScoreNumber = errors.New("Score must be numeric")               //nolint:staticcheck // an LMS's words
	errScoreRange  = errors.New("Score not between 0.0 and 1.0")       //nolint:staticcheck // an LMS's words
	errNoGrades    = errors.New("Tool does not accept grades")         //nolint:staticcheck // an LMS's words
	errLanguage    = errors.New("Language of the score is not en")     //nolint:staticcheck // an LMS's words
	errOperation   = errors.New("unsupported")                         // an LMS's word
	errFirewall    = errors.New("Request without a User-Agent")        //nolint:staticcheck // an LMS's words
	errMediaType   = errors.New("Content-Type is not application/xml") //nolint:staticcheck // an LMS's words
)

// decimal is how a score is written [LTI 1.1 §6.1.1]: no exponent, sign, comma
// or blank.
var decimal = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// serveOutcome is the outcome service: signature, message, cell, value, each
// checked in that order.
func (l *LMS) serveOutcome(w http.ResponseWriter, r *http.Request) {
	fault, pause := l.takeFault()
	if fault == HangsUp {
		l.book.log(Message{At: l.now(), Fault: fault, Reason: "hung up"})
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOutcomeBody))
	if err != nil {
		http.Error(w, "Request too large", http.StatusRequestEntityTooLarge)
		return
	}
	if fault == Slow && !wait(r, pause) {
		l.book.log(Message{At: l.now(), Fault: fault, Reason: "the tool did not wait"})
		return
	}
	m := Message{At: l.now(), Fault: fault}
	if fault.page(w) {
		if pox, err := parsePOX(body); err == nil {
			m.Operation, m.ID, m.Value = pox.operation, pox.id, pox.score
		}
		m.Reason = "answered with fault " + string(fault)
		l.book.log(m)
		return
	}
	answer, err := l.outcome(r, body, &m)
	m.Accepted = err == nil
	if err != nil {
		m.Reason = err.Error()
	}
	l.book.log(m)
	l.answer(w, answer, err, fault)
}

// wait pauses; false when the other side gave up.
func wait(r *http.Request, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// outcome handles one message and fills in what is learned about it.
func (l *LMS) outcome(r *http.Request, body []byte, m *Message) (poxAnswer, error) {
	a := poxAnswer{code: "failure", operation: "unknownRequest"}
	switch {
	case r.Header.Get("User-Agent") == "":
		return a, errFirewall
	case r.Header.Get("Content-Type") != "application/xml":
		return a, errMediaType
	}
	if err := l.checkSignature(r, body); err != nil {
		return a, err
	}
	if m.Fault == BadSignature {
		return a, signatureError{"as switched on"}
	}
	pox, err := parsePOX(body)
	if err != nil {
		return a, err
	}
	a.ref, a.operation = pox.id, pox.operation
	if l.personality.WithRequest {
		a.operation += "Request"
	}
	m.Operation, m.ID, m.Value = pox.operation, pox.id, pox.score
	switch m.Fault {
	case Refuses, Refuses422:
		return a, errors.New("User is not in this course")
	case Unsupported:
		return a, errOperation
	}
	if pox.operation != "replaceResult" && pox.operation != "readResult" && pox.operation != "deleteResult" {
		return a, errOperation
	}
	m.User, m.Link, err = l.cell(pox.sourcedid)
	if err != nil {
		return a, err
	}
	if k, ok := l.link(m.Link); !ok || !k.Graded {
		return a, errNoGrades
	}
	if err := l.perform(pox, m, &a); err != nil {
		return a, err
	}
	a.code = "success"
	return a, nil
}

// perform acts on a message whose sender and cell are known.
func (l *LMS) perform(pox poxMessage, m *Message, a *poxAnswer) error {
	switch pox.operation {
	case "readResult":
		grade, _ := l.book.get(m.User, m.Link)
		a.description = "Result read"
		a.body = "<§readResultResponse><§result><§resultScore><§language>en</§language><§textString>" +
			grade.Value + "</§textString></§resultScore></§result></§readResultResponse>"
	case "deleteResult":
		l.book.put(m.User, m.Link, "", l.now())
		a.description, a.body = "Grade delete request", "<§deleteResultResponse/>"
	default:
		if err := checkScore(pox); err != nil {
			return err
		}
		l.book.put(m.User, m.Link, pox.score, l.now())
		a.description = "Score for <" + m.User + "> is now " + pox.score
		a.body = "<§replaceResultResponse/>"
	}
	return nil
}

func checkScore(pox poxMessage) error {
	if !pox.hasScore || !decimal.MatchString(pox.score) {
		return errScoreNumber
	}
	if v, err := strconv.ParseFloat(pox.score, 64); err != nil || v > 1 {
		return errScoreRange
	}
	if pox.language != "en" {
		return errLanguage
	}
	return nil
}

// answer writes what the outcome service says, in the personality's hand.
func (l *LMS) answer(w http.ResponseWriter, a poxAnswer, err error, fault OutcomeFault) {
	p := l.personality
	switch {
	case errors.Is(err, errFirewall):
		http.Error(w, "Forbidden", http.StatusForbidden)
		return
	case errors.Is(err, errMediaType):
		http.Error(w, "Unsupported media type", http.StatusUnsupportedMediaType)
		return
	case fault == LosesAnswer:
		panic(http.ErrAbortHandler)
	case fault == Processing && err == nil:
		a.code = "processing"
	}
	status := l.describe(&a, err, fault)
	l.mu.Lock()
	l.serial++
	id := strconv.FormatUint(l.serial, 10)
	l.mu.Unlock()
	text := p.render(a, id)
	if fault == HalfAnswer {
		text = text[:len(text)/2]
	}
	w.Header()["Content-Type"] = []string{p.AnswerType}
	if p.AnswerType == "" {
		w.Header()["Content-Type"] = nil // suppresses the guess of net/http
	}
	w.WriteHeader(status)
	if _, err := io.WriteString(w, text); err != nil {
		return // the tool hung up; the grade is stored all the same
	}
}

// describe puts an error into words and returns the HTTP status.
func (l *LMS) describe(a *poxAnswer, err error, fault OutcomeFault) int {
	p := l.personality
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, errOperation):
		a.code, a.description = "unsupported", err.Error()
		return http.StatusOK
	case errors.Is(err, errMessageSignature):
		a.description = errMessageSignature.Error()
	default:
		a.description = err.Error()
	}
	if p.StackLines {
		a.description += "\n* line 85 of /mod/lti/servicelib.php: Exception thrown\n"
	}
	if fault == Refuses422 {
		a.extra = "<§ext_canvas_error_code>user_not_in_course</§ext_canvas_error_code>"
		return http.StatusUnprocessableEntity
	}
	if fault == Refuses || fault == BadSignature {
		return http.StatusOK
	}
	return p.FailureStatus
}
