package learn

import (
	"encoding/json"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"lectern/internal/course"
	"lectern/internal/xmltree"
)

// defaultYouTube is what Open edX plays for a video block that names nothing.
const defaultYouTube = "3_yD_cEKoCk"

// video is a video block as it is played.
type video struct {
	Sources     []videoSource // files, in the author's order
	YouTube     string        // ID; played when there is no file
	Start, End  int           // seconds; 0 means not set
	Handout     string        // as the author wrote it
	Track       string        // a transcript to download, as the author wrote it
	Transcripts []transcript
	Captions    bool // shown from the start
	Download    bool // learners may download the file
}

// videoSource is a playable file.
type videoSource struct{ URL, Type string }

// transcript is one language of a video's captions.
type transcript struct {
	Language string       // as the author wrote it, e.g. "zh-hans"
	Asset    course.Asset // the file
}

// Label is the language's name in itself, e.g. "français".
func (t transcript) Label() string {
	tag, err := language.Parse(t.Language)
	if err != nil {
		return t.Language
	}
	if name := display.Self.Name(tag); name != "" {
		return name
	}
	return t.Language
}

// Tag is the language as a BCP 47 tag, or "" when it is none.
func (t transcript) Tag() string {
	tag, err := language.Parse(t.Language)
	if err != nil {
		return ""
	}
	return tag.String()
}

// readVideo says how b, a video block of c, is played.
func readVideo(c *course.Course, b *course.Block) *video {
	root, err := xmltree.ParseBytes([]byte(b.Data), xmltree.Limits{})
	if err != nil {
		root = xmltree.Element("video") // the fields may still say enough
	}
	v := &video{
		Start:    seconds(b.Fields["start_time"], b.Fields["from"]),
		End:      seconds(b.Fields["end_time"], b.Fields["to"]),
		Captions: b.Fields["show_captions"] != "false",
		Download: b.Fields["download_video"] == "true",
		Handout:  firstOf(childSrc(root, "handout"), b.Fields["handout"]),
		Track:    firstOf(childSrc(root, "track"), b.Fields["track"]),
	}
	if v.End <= v.Start {
		v.End = 0
	}
	v.Sources, v.YouTube = videoSources(b, root)
	v.Transcripts = transcripts(c, b, root, v.YouTube)
	return v
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" && s != "null" {
			return s
		}
	}
	return ""
}

func childSrc(root *xmltree.Node, name string) string {
	if n := root.Child(name); n != nil {
		return n.Attr("src")
	}
	return ""
}

// videoSources returns the files of a video, and its YouTube ID.
func videoSources(b *course.Block, root *xmltree.Node) ([]videoSource, string) {
	var urls []string
	for _, n := range root.Elements("source") {
		urls = append(urls, n.Attr("src"))
	}
	var listed []string
	if json.Unmarshal([]byte(b.Fields["html5_sources"]), &listed) == nil {
		urls = append(urls, listed...)
	}
	urls = append(urls, b.Fields["source"])
	id, told := youTubeID(b)
	if n := root.Child("video_asset"); n != nil {
		for _, e := range n.Elements("encoded_video") {
			switch profile := e.Attr("profile"); {
			case profile == "youtube" && id == "":
				id = cleanYouTube(e.Attr("url"))
			case profile != "youtube" && profile != "audio_mp3":
				urls = append(urls, e.Attr("url"))
			}
		}
	}
	sources := playable(urls)
	if len(sources) == 0 && id == "" && !told {
		id = defaultYouTube
	}
	return sources, id
}

// playable returns the addresses that a browser can try, without doubles.
func playable(urls []string) []videoSource {
	var out []videoSource
	for _, s := range urls {
		s = strings.TrimSpace(s)
		u, err := url.Parse(s)
		if err != nil || s == "" || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		src := videoSource{s, videoTypes[strings.ToLower(path.Ext(u.Path))]}
		if !slices.Contains(out, src) {
			out = append(out, src)
		}
	}
	return out
}

var videoTypes = map[string]string{
	".mp4":  "video/mp4",
	".m4v":  "video/mp4",
	".webm": "video/webm",
	".ogg":  "video/ogg",
	".ogv":  "video/ogg",
	".m3u8": "application/vnd.apple.mpegurl",
}

// youTubeID returns the video's ID at normal speed. told reports whether the
// block speaks of YouTube at all, if only to say that there is none.
func youTubeID(b *course.Block) (id string, told bool) {
	if id = cleanYouTube(b.Fields["youtube_id_1_0"]); id != "" {
		return id, true
	}
	speeds, told := b.Fields["youtube"]
	for pair := range strings.SplitSeq(speeds, ",") {
		speed, value, ok := strings.Cut(strings.TrimSpace(pair), ":")
		if !ok {
			value, speed = speed, "1.0"
		}
		if f, err := strconv.ParseFloat(speed, 64); err == nil && f == 1 {
			id = cleanYouTube(value)
		}
	}
	_, set := b.Fields["youtube_id_1_0"]
	return id, told || set
}

var youTubePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{5,20}$`)

func cleanYouTube(s string) string {
	s = strings.TrimSpace(s)
	if !youTubePattern.MatchString(s) {
		return ""
	}
	return s
}

// seconds reads the first of list that is set: HH:MM:SS, or seconds.
func seconds(list ...string) int {
	s := strings.Trim(firstOf(list...), `"`)
	var total float64
	for part := range strings.SplitSeq(s, ":") {
		n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || n < 0 || n > 1e6 {
			return 0
		}
		total = total*60 + n
	}
	return int(min(total, 1e6))
}

// transcripts lists the languages a video has captions in, English first and
// then as the author has them. What names no file of the course is left out.
func transcripts(c *course.Course, b *course.Block, root *xmltree.Node, youTube string) []transcript {
	t := transcriptList{assets: c.Assets}
	t.addSub(firstOf(b.Fields["sub"]))
	var listed map[string]string
	if json.Unmarshal([]byte(b.Fields["transcripts"]), &listed) == nil {
		for _, lang := range sortedKeys(listed) {
			t.add(lang, listed[lang], lang+"_subs_"+firstOf(b.Fields["sub"], youTube)+".srt.sjson")
		}
	}
	for _, n := range root.Elements("transcript") {
		t.add(n.Attr("language"), n.Attr("src"))
	}
	if asset := root.Child("video_asset"); asset != nil {
		for _, n := range asset.FindAll("transcript") {
			lang, format := n.Attr("language_code"), firstOf(n.Attr("file_format"), "srt")
			t.add(lang, firstOf(b.Fields["edx_video_id"])+"-"+lang+"."+format)
		}
	}
	t.addSub(youTube)
	slices.SortStableFunc(t.list, func(x, y transcript) int { return rankEnglish(x) - rankEnglish(y) })
	return t.list
}

func rankEnglish(t transcript) int {
	if t.Language == "en" {
		return 0
	}
	return 1
}

type transcriptList struct {
	assets *course.Assets
	list   []transcript
}

// add appends a language with the first of names that is a file, unless the
// language is there already.
func (t *transcriptList) add(lang string, names ...string) {
	lang = strings.TrimSpace(lang)
	has := slices.ContainsFunc(t.list, func(x transcript) bool { return x.Language == lang })
	if lang == "" || has {
		return
	}
	for _, name := range names {
		name = strings.TrimPrefix(strings.TrimSpace(name), course.PrefixStatic)
		if a, ok := t.assets.Find(name); ok && name != "" {
			t.list = append(t.list, transcript{lang, a})
			return
		}
	}
}

// addSub adds the English captions that older courses name by an ID.
func (t *transcriptList) addSub(id string) {
	if id != "" {
		t.add("en", "subs_"+id+".srt.sjson", "subs/subs_"+id+".srt.sjson", "subs/"+id+".srt.sjson")
	}
}

func sortedKeys(m map[string]string) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// preferred returns the transcript to show first: the wanted language, the
// course's, else the first there is. It returns -1 when there is none.
func preferred(list []transcript, wanted ...string) int {
	for _, w := range wanted {
		base, err := language.Parse(strings.Trim(strings.ReplaceAll(w, "_", "-"), "-"))
		if err != nil {
			continue
		}
		b, _ := base.Base()
		for i, t := range list {
			if tag, err := language.Parse(t.Language); err == nil {
				if tb, _ := tag.Base(); tb == b {
					return i
				}
			}
		}
	}
	return min(len(list), 1) - 1
}

// embedURL is the privacy-enhanced YouTube player of v.
func (v *video) embedURL(lang string) string {
	q := url.Values{"rel": {"0"}, "enablejsapi": {"1"}, "playsinline": {"1"}}
	if v.Start > 0 {
		q.Set("start", strconv.Itoa(v.Start))
	}
	if v.End > 0 {
		q.Set("end", strconv.Itoa(v.End))
	}
	if v.Captions && lang != "" {
		q.Set("cc_lang_pref", lang)
	}
	return "https://www.youtube-nocookie.com/embed/" + v.YouTube + "?" + q.Encode()
}

// fragment is the part of a file to play, as a media fragment.
func (v *video) fragment() string {
	switch {
	case v.Start == 0 && v.End == 0:
		return ""
	case v.End == 0:
		return "#t=" + strconv.Itoa(v.Start)
	}
	return "#t=" + strconv.Itoa(v.Start) + "," + strconv.Itoa(v.End)
}
