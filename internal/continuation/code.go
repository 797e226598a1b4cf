package continuation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"lectern/internal/credential"
)

// alphabet is of characters that nobody takes for one another.
const alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

const codeLength = 6

// shortCode returns the code that belongs to a frame's token: the frame can
// show it again, and the database need not hold it.
func shortCode(id, token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("code\n" + id))
	sum := mac.Sum(nil)
	var b strings.Builder
	for i := range codeLength {
		if i == codeLength/2 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[int(binary.BigEndian.Uint16(sum[2*i:]))%len(alphabet)])
	}
	return b.String()
}

// typed returns a code as people may type it without what does not matter.
func typed(code string) string {
	if len(code) > 64 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, code)
}

func codeHash(id, code string) []byte { return credential.Hash("code\n" + id + "\n" + typed(code)) }
