package relay

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

// Revoke ends one call; the server's takes many.
func (r *rig) Revoke(call string) { r.Server.Revoke(Revocation{Call: call}) }

// A thousand calls end within a second, all at once, and stay ended.
func TestRevokeAThousand(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits = Limits{Allocations: 3000} })
	const calls = 1000
	batch, creds := make([]Revocation, 0, calls), make([]Credential, 0, calls)
	for i := range calls {
		call := "call" + strconv.Itoa(i)
		batch = append(batch, Revocation{Call: call})
		creds = append(creds, r.mint(t, call, "a"))
	}
	var live []*peer
	for i := 0; i < calls; i += 50 { // of all of them, some live
		live = append(live, r.allocateWith(t, "udp", creds[i]))
	}
	spared := r.allocate(t, "udp", "spared", "a")

	start := time.Now()
	if n := r.Server.Revoke(batch...); n != len(live) {
		t.Errorf("got %d allocations ended, want %d", n, len(live))
	}
	eventually(t, time.Second, "allocations gone", func() bool { return r.Stats().AllocationsLive == 1 })
	for i, p := range live {
		if err := refresh(p, 600*time.Second); err == nil {
			t.Errorf("allocation %d was refreshed", i)
		}
	}
	if d := time.Since(start); d > time.Second+patience/5 {
		t.Errorf("took %v", d)
	}
	for _, c := range creds {
		if _, _, refusal := r.admit(c.Username, true, func([]byte) bool { return true }); refusal != RefusedRevoked {
			t.Fatalf("got %q, want %q", refusal, RefusedRevoked)
		}
	}
	if n := r.Server.Revoke(batch...); n != 0 {
		t.Errorf("again: got %d allocations ended, want none", n)
	}
	if err := refresh(spared, 600*time.Second); err != nil {
		t.Errorf("another call: %v", err)
	}
}

// What names nothing revokes nothing: least of all those without a call.
func TestRevocationsThatNameNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Users = users(t, "ann:correct horse") })
	a := r.allocate(t, "udp", "call1", "a")
	r.Server.Revoke(Revocation{}, Revocation{Leg: "a"}, Revocation{Call: "call1", Leg: "a b"}, Revocation{Call: "call.1"},
		Revocation{Call: fmt.Sprintf("%065d", 0)})
	r.allocateWith(t, "udp", Credential{Username: "ann", Password: "correct horse"})
	if err := refresh(a, 600*time.Second); err != nil {
		t.Error(err)
	}
	if n := r.table.revoked.order.Len(); n != 0 {
		t.Errorf("%d revocations are remembered, want none", n)
	}
}
