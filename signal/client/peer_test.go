package client_test

import (
	"testing"

	"github.com/ringfence/ringfence/signal/client"
	"github.com/ringfence/ringfence/signal/wire"
)

// FuzzUnseal: what comes from the other device is read or refused.
func FuzzUnseal(f *testing.F) {
	f.Add(client.Seal(wire.Description{Type: wire.SDPOffer, SDP: "v=0\r\n"}))
	f.Add("e30")
	f.Add("====")
	f.Fuzz(func(t *testing.T, sealed string) {
		d, err := client.Unseal(sealed)
		if err != nil {
			return
		}
		again, err := client.Unseal(client.Seal(d))
		if err != nil || again != d {
			t.Fatalf("%+v came back as %+v, %v", d, again, err)
		}
	})
}

func TestRefusesURLsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"", "calls.example", "ws://calls.example", "https://", "://"} {
		if _, err := client.New(client.Options{URL: u}); err == nil {
			t.Errorf("New(%q) = nil, want an error", u)
		}
	}
}
