package signal_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/signal/wire"
)

// The protocol's page names every kind, every reason and every close code.
func TestProtocolPageIsComplete(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	for _, k := range wire.Kinds() {
		if !strings.Contains(page, string(k.Kind)) {
			t.Errorf("kind %s is not told of", k.Kind)
		}
	}
	for _, r := range []wire.Reason{
		wire.ReasonHangup, wire.ReasonCancelled, wire.ReasonDeclined, wire.ReasonBusy, wire.ReasonElsewhere, wire.ReasonTimeout,
		wire.ReasonOffline, wire.ReasonLost, wire.ReasonReach, wire.ReasonGlare, wire.ReasonStopped, wire.ReasonMoved,
	} {
		if !strings.Contains(page, "`"+string(r)+"`") {
			t.Errorf("reason %s is not told of", r)
		}
	}
	for _, c := range []wire.CloseCode{
		wire.CloseRestart, wire.CloseSlow, wire.CloseSilent, wire.CloseReplaced, wire.CloseSignedOut,
		wire.CloseProtocol, wire.CloseTooMany, wire.CloseFlood,
	} {
		if !strings.Contains(page, "| "+strconv.Itoa(int(c))+" |") {
			t.Errorf("close code %d is not told of", c)
		}
	}
}
