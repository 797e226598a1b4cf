package launchlog

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// alphabet has nothing that is taken for something else when it is read out or
// copied by hand: no 0 and O, no 1, I and small l.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// Lengths of a code, and of the hexadecimal digits that it stands for.
const (
	codeLength = 8
	codeDigits = 10
)

// Code returns what people read out to name a row: the last forty bits of its
// ID, such as K7QM-29XF. An ID that is no UUID is its own code.
func Code(id string) string {
	if len(id) < codeDigits {
		return id
	}
	raw, err := hex.DecodeString(id[len(id)-codeDigits:])
	if err != nil {
		return id
	}
	n := binary.BigEndian.Uint64(append(make([]byte, 3, 8), raw...))
	var b [codeLength]byte
	for i := codeLength - 1; i >= 0; i-- {
		b[i] = alphabet[n&31]
		n >>= 5
	}
	return string(b[:4]) + "-" + string(b[4:])
}

// Ending returns the end of the ID that somebody typed the code of, whatever
// they put between its characters. What is no code counts as an ID or the end
// of one.
func Ending(typed string) string {
	typed = strings.TrimSpace(typed)
	letters := strings.ToUpper(strings.NewReplacer("-", "", " ", "", "–", "").Replace(typed))
	if len(letters) != codeLength {
		return strings.ToLower(typed)
	}
	var n uint64
	for _, c := range []byte(letters) {
		i := strings.IndexByte(alphabet, c)
		if i < 0 {
			return strings.ToLower(typed)
		}
		n = n<<5 | uint64(i)
	}
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], n)
	return hex.EncodeToString(raw[3:])
}
