package dragdrop

import (
	"regexp"
	"strconv"
	"strings"
)

// cssColour is what a colour may look like: a name, #rgb, or a function of
// numbers. It cannot end a declaration.
var cssColour = regexp.MustCompile(`^(#[0-9A-Fa-f]{3,8}|[A-Za-z]{3,30}|(rgb|rgba|hsl|hsla)\([0-9.,%\s/deg]{1,40}\))$`)

// colour returns s if it is a colour, else "".
func colour(s string) string {
	if s = strings.TrimSpace(s); cssColour.MatchString(s) {
		return s
	}
	return ""
}

// Contrasting returns "black" or "white", whichever can be read on a background
// that is written as #rgb or #rrggbb or is one of the common names; "" for
// others.
func Contrasting(background string) string {
	switch strings.ToLower(background) {
	case "white", "yellow", "orange", "pink", "lightblue", "lightgreen", "lightgray", "lightgrey", "cyan", "lime", "silver", "gold", "beige":
		return "black"
	case "black", "blue", "navy", "purple", "maroon", "green", "teal", "brown", "darkblue", "darkgreen", "darkred", "indigo":
		return "white"
	case "red":
		return "black"
	}
	hex, ok := strings.CutPrefix(background, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if !ok || len(hex) != 6 || err != nil {
		return ""
	}
	// Relative luminance with a square for the curve of sRGB [WCAG 2.2 §1.4.3];
	// black and white are equally legible at 0.18.
	square := func(v uint64) float64 { return float64(v&255) * float64(v&255) / (255 * 255) }
	if 0.2126*square(n>>16)+0.7152*square(n>>8)+0.0722*square(n) > 0.18 {
		return "black"
	}
	return "white"
}

// dataPicture is how Studio wrote the pictures it drew: with parameters that
// browsers of today refuse.
var dataPicture = regexp.MustCompile(`^data:image/svg\+xml;producer=[^,]*,`)

// picture returns the address of a picture as browsers take it.
func picture(address string) string {
	return dataPicture.ReplaceAllString(strings.TrimSpace(address), "data:image/svg+xml,")
}
