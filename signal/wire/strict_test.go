package wire_test

import (
	"encoding/base64"
	"testing"

	"github.com/ringfence/ringfence/signal/wire"
)

// A field of a later version may have the same name within an address and
// beside it.
func TestUnknownFieldsOfAnAddressAreItsOwn(t *testing.T) {
	t.Parallel()
	for _, f := range []string{
		`{"v":1,"kind":"hello","to":{"x":1},"x":1,"body":""}`,
		`{"v":1,"kind":"hello","x":1,"to":{"x":1},"body":""}`,
	} {
		if _, err := wire.ScanClient([]byte(f)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// What a client sends has one spelling; bodies that devices send each other
// have names of WebRTC's, with capitals.
func TestKeysHaveOneSpelling(t *testing.T) {
	t.Parallel()
	body := func(s string) []byte { return base64.RawURLEncoding.AppendEncode(nil, []byte(s)) }
	for _, s := range []string{`{"MEDIA":"audio"}`, `{"\u017fealed":"x"}`, "{\"\u017fealed\":\"x\"}", `{"peer":{"Account":""}}`} {
		var r wire.Rejoin
		if wire.DecodeClientBody(body(s), &r) == nil {
			t.Errorf("%s was taken", s)
		}
	}
	var c wire.Candidates
	err := wire.DecodeBody(body(`{"candidates":[{"candidate":"x","sdpMLineIndex":1}]}`), &c)
	if err != nil || len(c.Candidates) != 1 || c.Candidates[0].Line != 1 {
		t.Errorf("%v %+v", err, c)
	}
}
