package lti

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// OpenEdX is where consumers may have been taken over from.
const OpenEdX = "openedx"

// Cell returns what names the gradebook cell in a sourcedid, whichever launch
// it came with. Moodle puts a random launch ID into each; everybody else's is
// taken as it is.
func (o Outcome) Cell() string {
	var moodle struct {
		Data *struct {
			InstanceID json.RawMessage `json:"instanceid"`
			UserID     json.RawMessage `json:"userid"`
			TypeID     json.RawMessage `json:"typeid"`
			LaunchID   json.RawMessage `json:"launchid"`
		} `json:"data"`
		Hash json.RawMessage `json:"hash"`
	}
	if json.Unmarshal([]byte(o.SourcedID), &moodle) != nil || moodle.Data == nil || len(moodle.Hash) == 0 ||
		len(moodle.Data.InstanceID) == 0 || len(moodle.Data.UserID) == 0 || len(moodle.Data.LaunchID) == 0 {
		return o.SourcedID
	}
	bare := func(id json.RawMessage) string { return strings.Trim(string(id), `"`) } // a number or a text
	d := moodle.Data
	return "moodle " + bare(d.InstanceID) + " " + bare(d.UserID) + " " + bare(d.TypeID)
}

// MovedLink returns the link key of a grade target that was taken over from
// Open edX, which does not know resource links. The first launch of the link
// gives it the right one.
func (o Outcome) MovedLink() string {
	sum := sha256.Sum256([]byte(o.Cell()))
	return OpenEdX + ":" + hex.EncodeToString(sum[:16])
}
