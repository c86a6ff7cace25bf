package hubbench

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// Behind marker, which nothing else in a message holds, the body begins with
// the time, in hexadecimal, which is base64url too. Both are whole quanta of it.
const (
	marker    = "TIME"
	stampSize = 16
)

// timeAt is where the time is in a message, or negative.
func timeAt(message []byte) int {
	at := bytes.Index(message, []byte(marker))
	if at < 0 || len(message) < at+len(marker)+stampSize {
		return -1
	}
	return at + len(marker)
}

// putStamp writes the time into a frame. Its mask is of zeros.
func putStamp(frame []byte, d time.Duration) {
	if at := timeAt(frame); at > 0 {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(max(d, 0)))
		hex.Encode(frame[at:at+stampSize], b[:])
	}
}

func stamp(message []byte) (time.Duration, bool) {
	at := timeAt(message)
	var b [8]byte
	if at < 0 {
		return 0, false
	}
	if _, err := hex.Decode(b[:], message[at:at+stampSize]); err != nil {
		return 0, false
	}
	return time.Duration(binary.BigEndian.Uint64(b[:]) & (1<<62 - 1)), true
}
