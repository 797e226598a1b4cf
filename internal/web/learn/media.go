package learn

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"lectern/internal/course"
)

// videoPart is what the template "video" gets.
type videoPart struct {
	part
	Name, Title   string // Title names the player for screen readers
	Alone         bool   // the page is about this video only
	Sources       []videoSource
	CrossOrigin   bool
	YouTube       string
	Embed         string
	Tracks        []track
	Links         []videoLink
	Cues          []cue
	TranscriptTag string
	Open          bool // the transcript is shown from the start
}

type track struct {
	URL, Label, Tag string
	Default         bool
}

type videoLink struct {
	link
	External bool
}

func (v *view) renderVideo(ctx context.Context, b *course.Block) (template.HTML, error) {
	video := readVideo(v.c, b)
	p := &videoPart{part: v.part(b), Name: b.Name, Title: v.lang.T("Video"), Alone: b == v.launched, YouTube: video.YouTube}
	if b.Name != "" {
		p.Title = v.lang.T("Video: %s", b.Name)
	}
	main := preferred(video.Transcripts, v.s.Locale, v.c.Language, "en")
	for i, t := range video.Transcripts {
		p.Tracks = append(p.Tracks, track{v.transcriptURL(b, t.Language), t.Label(), t.Tag(), i == main && video.Captions})
	}
	if main >= 0 {
		p.TranscriptTag = video.Transcripts[main].Tag()
		cues, err := v.cues(ctx, video.Transcripts[main].Asset)
		if err != nil {
			v.note(v.lang.T("Transcript of “%s”: %s", v.nameOf(b), err.Error()))
		}
		p.Cues = cues
	}
	for _, src := range video.Sources {
		if own, ok := v.ownAsset(src.URL); ok {
			src.URL = own
		}
		p.Sources = append(p.Sources, videoSource{src.URL + video.fragment(), src.Type})
	}
	if video.YouTube != "" {
		tag := ""
		if main >= 0 {
			tag = p.TranscriptTag
		}
		p.Embed = video.embedURL(tag)
	}
	p.Links = v.videoLinks(b, video)
	// Where only YouTube has the film, the words must not depend on it.
	p.Open = len(p.Sources) == 0
	return v.html("video", p)
}

// transcriptURL is where a language of b's captions is served.
func (v *view) transcriptURL(b *course.Block, lang string) string {
	return v.s.Base + "transcript/" + url.PathEscape(b.ID) + "/" + url.PathEscape(lang)
}

// ownAsset returns the address of a file of the course that an attribute names.
func (v *view) ownAsset(s string) (string, bool) {
	for _, prefix := range []string{course.PrefixStatic, course.PrefixAsset, course.PrefixAssetKey, course.PrefixC4x} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			return v.rewrite(prefix, rest)
		}
	}
	return "", false
}

// videoLinks are the downloads below a player, and the way to YouTube.
func (v *view) videoLinks(b *course.Block, video *video) []videoLink {
	var out []videoLink
	add := func(name, address string) {
		if address == "" {
			return
		}
		if own, ok := v.ownAsset(address); ok {
			out = append(out, videoLink{link{own, name}, false})
		} else if u, err := url.Parse(address); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
			out = append(out, videoLink{link{address, name}, true})
		}
	}
	if video.Download && len(video.Sources) > 0 {
		add(v.lang.T("Download the video"), video.Sources[0].URL)
	}
	add(v.lang.T("Download the handout"), video.Handout)
	add(v.lang.T("Download the transcript"), video.Track)
	if video.Track == "" {
		for _, t := range video.Transcripts {
			if t.Language == "en" || len(video.Transcripts) == 1 {
				out = append(out, videoLink{link{v.transcriptURL(b, t.Language) + "?as=text", v.lang.T("Download the transcript")}, false})
			}
		}
	}
	if video.YouTube != "" {
		add(v.lang.T("Watch on YouTube"), "https://www.youtube.com/watch?v="+video.YouTube)
	}
	return out
}

// cues reads a transcript file.
func (v *view) cues(ctx context.Context, a course.Asset) ([]cue, error) {
	b, err := v.readAsset(ctx, a, maxTranscript)
	if err != nil {
		return nil, err
	}
	return parseTranscript(b)
}

// getTranscript serves transcript/{id}/{language}: WebVTT for players, with
// ?as=text the plain words, with ?as=html the panel below a player.
func (v *view) getTranscript(w http.ResponseWriter, r *http.Request, arg string) error {
	i := strings.LastIndexByte(arg, '/')
	if i < 0 {
		return ErrBlock.With("transcript/%.100q", arg)
	}
	b, err := v.blockAt("video", arg[:i])
	if err != nil {
		if b, err = v.blockAt("videoalpha", arg[:i]); err != nil {
			return err
		}
	}
	list := readVideo(v.c, b).Transcripts
	n := slices.IndexFunc(list, func(t transcript) bool { return t.Language == arg[i+1:] })
	if n < 0 {
		return ErrTranscript.With("%s/%s has no language %.20q", b.Type, b.ID, arg[i+1:])
	}
	cues, err := v.cues(r.Context(), list[n].Asset)
	if err != nil {
		return err
	}
	head := w.Header()
	head.Set("Cache-Control", "private, max-age=300")
	head.Set("X-Content-Type-Options", "nosniff")
	switch r.URL.Query().Get("as") {
	case "text":
		head.Set("Content-Type", "text/plain; charset=utf-8")
		return writeText(w, cues)
	case "html":
		head.Set("Content-Type", "text/html; charset=utf-8")
		return v.words.ExecuteTemplate(w, "cues", cues)
	}
	head.Set("Content-Type", "text/vtt; charset=utf-8")
	return writeVTT(w, cues)
}
