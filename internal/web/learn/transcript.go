package learn

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lectern/internal/errs"
)

// ErrTranscript means that a transcript file holds no captions.
var ErrTranscript = errs.New(errs.NotFound, "transcript_unreadable", "",
	"The transcript of this video cannot be read.",
	"Transcripts are SubRip (.srt), WebVTT (.vtt) or Open edX's .sjson files.")

// Limits of one transcript: ten hours of talk are about 15,000 captions.
const (
	maxTranscript = 4 << 20 // bytes
	maxCues       = 30_000
)

// cue is one caption: plain text, shown from Start to End.
type cue struct {
	Start, End time.Duration
	Text       string
}

// Seconds is where the cue starts, for players.
func (c cue) Seconds() string { return strconv.FormatFloat(c.Start.Seconds(), 'f', 2, 64) }

// parseTranscript reads SubRip, WebVTT or sjson, whichever b is. Its error is
// [ErrTranscript].
func parseTranscript(b []byte) ([]cue, error) {
	text := decodeText(b)
	var cues []cue
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		var err error
		if cues, err = parseSJSON(text); err != nil {
			return nil, ErrTranscript.Wrap(err)
		}
	} else {
		cues = parseSRT(text)
	}
	if len(cues) == 0 {
		return nil, ErrTranscript.With("no captions in %d bytes", len(b))
	}
	return cues, nil
}

// decodeText reads UTF-8, with or without a byte order mark, and takes anything
// else for Latin-1, as Open edX does.
func decodeText(b []byte) string {
	if utf8.Valid(b) {
		return strings.TrimPrefix(string(b), "\ufeff")
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// parseSJSON reads {"start": [ms, …], "end": [ms, …], "text": ["…", …]}.
func parseSJSON(text string) ([]cue, error) {
	var subs struct {
		Start []*float64 `json:"start"`
		End   []*float64 `json:"end"`
		Text  []*string  `json:"text"`
	}
	if err := json.Unmarshal([]byte(text), &subs); err != nil {
		return nil, fmt.Errorf("sjson: %w", err)
	}
	var cues []cue
	for i := 0; i < min(len(subs.Start), len(subs.End), len(subs.Text), maxCues); i++ {
		if subs.Start[i] == nil || subs.End[i] == nil || subs.Text[i] == nil {
			continue
		}
		cues = appendCue(cues, millis(*subs.Start[i]), millis(*subs.End[i]), *subs.Text[i])
	}
	return cues, nil
}

// maxMoment keeps odd numbers from overflowing: no video is longer.
const maxMoment = 1000 * time.Hour

func millis(ms float64) time.Duration {
	return time.Duration(min(max(ms, 0), float64(maxMoment/time.Millisecond))) * time.Millisecond
}

// timing is a line such as "00:01:02,500 --> 00:01:04.000 align:start".
var timing = regexp.MustCompile(`^\s*((?:\d{1,3}:)?\d{1,2}:\d{1,2}[,.]?\d{0,3})\s*-->\s*((?:\d{1,3}:)?\d{1,2}:\d{1,2}[,.]?\d{0,3})`)

// counter is the line with a SubRip caption's number.
var counter = regexp.MustCompile(`^\s*\d+\s*$`)

// parseSRT reads SubRip and WebVTT captions, and whatever of them is readable in
// a file that is neither: numbers and blank lines may be missing.
func parseSRT(text string) []cue {
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n")
	var cues []cue
	for i := 0; i < len(lines) && len(cues) < maxCues; {
		m := timing.FindStringSubmatch(lines[i])
		i++
		if m == nil {
			continue
		}
		first := i
		for i < len(lines) && strings.TrimSpace(lines[i]) != "" && !startsCue(lines, i) {
			i++
		}
		cues = appendCue(cues, clock(m[1]), clock(m[2]), strings.Join(lines[first:i], "\n"))
	}
	return cues
}

// startsCue reports whether line i belongs to the next caption already.
func startsCue(lines []string, i int) bool {
	if timing.MatchString(lines[i]) {
		return true
	}
	return counter.MatchString(lines[i]) && i+1 < len(lines) && timing.MatchString(lines[i+1])
}

// clock reads [H:]M:S[,ms], which timing has matched.
func clock(s string) time.Duration {
	s, frac, _ := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	var d time.Duration
	for part := range strings.SplitSeq(s, ":") {
		n, _ := strconv.Atoi(part)
		d = d*60 + time.Duration(n)*time.Second
	}
	ms, _ := strconv.Atoi((frac + "000")[:3])
	return min(d+time.Duration(ms)*time.Millisecond, maxMoment)
}

// markup is what players show as style, not as text.
var markup = regexp.MustCompile(`</?[A-Za-z][^<>]{0,200}>|\{\\[^{}]{0,100}\}`)

// appendCue adds a caption as plain text. Captions that say nothing are left out.
func appendCue(cues []cue, start, end time.Duration, text string) []cue {
	text = html.UnescapeString(markup.ReplaceAllString(text, ""))
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return cues
	}
	return append(cues, cue{start, max(start, end), text})
}

// escapeVTT makes text safe inside a WebVTT caption.
var escapeVTT = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// writeVTT writes captions as WebVTT.
func writeVTT(w io.Writer, cues []cue) error {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	for _, c := range cues {
		fmt.Fprintf(&b, "\n%s --> %s\n%s\n", vttTime(c.Start), vttTime(c.End), escapeVTT.Replace(c.Text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func vttTime(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

// writeText writes captions as running text, one per line.
func writeText(w io.Writer, cues []cue) error {
	var b strings.Builder
	for _, c := range cues {
		b.WriteString(c.Text + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
