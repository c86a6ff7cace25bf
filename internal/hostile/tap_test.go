package main

import (
	"testing"
)

func TestPayload(t *testing.T) {
	t.Parallel()
	indication := append([]byte{0, 0x17, 0, 16, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 12)...)
	indication = append(indication, 0, 0x12, 0, 3, 1, 2, 3, 0, 0, 0x13, 0, 3, 0x80, 0x60, 9, 0)
	for name, tt := range map[string]struct {
		packet []byte
		want   Counts
	}{
		"sound over a channel":          {[]byte{0x40, 0, 0, 3, 0x80, 0x6f, 1}, Counts{Media: 1}},
		"picture with a marker":         {[]byte{0x40, 0, 0, 3, 0x90, 0xe0, 1}, Counts{Media: 1}},
		"in an indication, past others": {indication, Counts{Media: 1}},
		"a report":                      {[]byte{0x40, 0, 0, 3, 0x80, 200, 1}, Counts{Reports: 1}},
		"a check":                       {[]byte{0x40, 0, 0, 3, 0, 1, 1}, Counts{Other: 1}},
		"DTLS":                          {[]byte{0x40, 0, 0, 3, 22, 254, 1}, Counts{Other: 1}},
		"the relay itself":              {append([]byte{1, 3, 0, 0}, make([]byte, 16)...), Counts{}},
		"cut off":                       {[]byte{0x40, 0, 0, 9, 0x80}, Counts{}},
		"nothing":                       {nil, Counts{}},
	} {
		var got Counts
		if got.add(payload(tt.packet)); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
