package doctor

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// A name that leads nowhere is no fault of a firewall.
func TestNamesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	w := Way{Transport: "tls", Address: "turn.example:5349", Host: "turn.example"}
	for want, dns := range map[string]*net.DNSError{
		"no address for the name \"turn.example\"": {IsNotFound: true},
		"could not be looked up":                   {IsTimeout: true},
	} {
		says, do := w.explain(fmt.Errorf("%w: %w", errDialled, &net.OpError{Op: "dial", Err: dns}))
		if !strings.Contains(says, want) || strings.Contains(do, "firewall") {
			t.Errorf("got %q and %q, want %q", says, do, want)
		}
	}
}
