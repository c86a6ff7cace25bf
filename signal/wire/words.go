package wire

import "encoding/binary"

// This file looks at eight bytes at a time: bodies are long, and looking at
// them is most of what passing a frame on costs.

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// plainWords returns how many bytes, in steps of eight, stand before the first
// step that holds a quote, a backslash or a control character.
func plainWords(b []byte) int {
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		if hasZero(x^'"'*ones)|hasZero(x^'\\'*ones)|(x-' '*ones)&^x&highs != 0 {
			break
		}
	}
	return n
}

// hasZero is not zero where a byte of x is.
func hasZero(x uint64) uint64 { return (x - ones) &^ x & highs }

// base64Word reports whether eight bytes are of the alphabet of base64url.
func base64Word(x uint64) bool {
	letters := x | 0x20*ones // lower case
	good := within(letters, 'a', 'z') | within(x, '0', '9') | within(x, '-', '-') | within(x, '_', '_')
	return x&highs == 0 && good&highs == highs
}

// within has the high bit of each byte of x that lies from low to high, for
// bytes below 128.
func within(x, low, high uint64) uint64 {
	return (x + (0x80-low)*ones) &^ (x + (0x7f-high)*ones)
}
