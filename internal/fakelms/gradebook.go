package fakelms

import (
	"slices"
	"sync"
	"time"
)

// maxMessages bounds the history of outcome messages.
const maxMessages = 1000

// Grade is one cell of the gradebook.
type Grade struct {
	User, Link string    // login name and link id
	Value      string    // as received, for example "0.5"; "" after deleteResult
	At         time.Time // when it was stored
	Writes     int       // how many messages wrote it, the last one included
}

// Message is one request that arrived at the outcome service.
type Message struct {
	At         time.Time
	Operation  string // replaceResult, readResult, deleteResult or "" when unreadable
	ID         string // imsx_messageIdentifier
	User, Link string // "" when the sourcedid was refused
	Value      string // textString of replaceResult, as received
	Accepted   bool   // whether the LMS acted on it
	Reason     string // why not, in the LMS's words
	Fault      OutcomeFault
}

// gradebook holds grades and the history of messages. It is safe for concurrent
// use.
type gradebook struct {
	mu       sync.Mutex
	grades   map[[2]string]Grade
	messages []Message
}

func newGradebook() *gradebook { return &gradebook{grades: map[[2]string]Grade{}} }

func (b *gradebook) put(user, link, value string, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := [2]string{user, link}
	b.grades[key] = Grade{User: user, Link: link, Value: value, At: at, Writes: b.grades[key].Writes + 1}
}

func (b *gradebook) get(user, link string) (Grade, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g, ok := b.grades[[2]string{user, link}]
	return g, ok && g.Value != ""
}

func (b *gradebook) log(m Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.messages) == maxMessages {
		b.messages = slices.Delete(b.messages, 0, maxMessages/10)
	}
	b.messages = append(b.messages, m)
}

func (b *gradebook) history() []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}

// Grade returns what the gradebook holds for a user and a link; false when it
// holds nothing.
func (l *LMS) Grade(user, link string) (Grade, bool) { return l.book.get(user, link) }

// Messages returns the outcome messages received, oldest first: the last 900 or
// more of them.
func (l *LMS) Messages() []Message { return l.book.history() }

// Replaced returns the values of the replaceResult messages that the LMS
// accepted for a user and a link, oldest first.
func (l *LMS) Replaced(user, link string) []string {
	var values []string
	for _, m := range l.book.history() {
		if m.Accepted && m.Operation == "replaceResult" && m.User == user && m.Link == link {
			values = append(values, m.Value)
		}
	}
	return values
}

// SetGrade writes a grade as a teacher does by hand; "" deletes it.
func (l *LMS) SetGrade(user, link, value string) { l.book.put(user, link, value, l.now()) }
