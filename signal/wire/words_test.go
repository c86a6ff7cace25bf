package wire

import (
	"bytes"
	"testing"
)

// Each value of a byte, at each place of a word, beside the plain loop.
func TestWordsAreAsBytes(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 8 {
			b := bytes.Repeat([]byte{'A'}, 16)
			b[at] = byte(c)
			if got, want := isBase64(b), base64Chars[c]; got != want {
				t.Errorf("base64 with %#x at %d: %v, want %v", c, at, got, want)
			}
			special := c == '"' || c == '\\' || c < ' '
			if got := plainWords(b); (got == 16) == special {
				t.Errorf("%#x at %d: %d bytes are plain", c, at, got)
			}
		}
	}
}
