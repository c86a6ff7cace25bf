package relay

import (
	"fmt"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// pion's own view, through its deletion of the allocation, is the proof: a
// table of ours alone could lie.
func TestRevokeEndsAllocationsWithinASecond(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			a := r.allocate(t, network, "call1", "a")
			b := r.allocate(t, "udp", "call1", "b")
			c := r.allocate(t, "udp", "call2", "c")
			exchange(t, a, b)

			r.Revoke("call1")
			eventually(t, time.Second, "allocations gone", func() bool { return r.Stats().AllocationsLive == 1 })
			for name, p := range map[string]*peer{"a": a, "b": b} {
				if err := refresh(p, 600*time.Second); err == nil {
					t.Errorf("%s: a revoked allocation was refreshed", name)
				}
				if _, err := r.client(t, network, p.cred).Allocate(); err == nil {
					t.Errorf("%s: a revoked credential made an allocation", name)
				}
			}
			if _, err := r.client(t, network, r.mint(t, "call1", "z")).Allocate(); err == nil {
				t.Error("a credential minted after the end of its call made an allocation")
			}
			if n := r.refused(RefusedRevoked); n < 5 {
				t.Errorf("got %d refusals, want at least 5", n)
			}
			if err := refresh(c, 600*time.Second); err != nil {
				t.Errorf("another call: %v", err)
			}
		})
	}
}

// The relayed port is free again, so nothing listens there for the call.
func TestRevokeFreesThePort(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	a := r.allocate(t, "udp", "call1", "a")
	at, _ := addrPort(a.LocalAddr())
	r.Revoke("call1")
	eventually(t, time.Second, "port free", func() bool {
		conn, err := listenPeers(at)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

func TestRevokeLegLeavesTheOther(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	a := r.allocate(t, "udp", "call1", "a")
	b := r.allocate(t, "udp", "call1", "b")
	r.RevokeLeg("call1", "")
	r.RevokeLeg("call1", "a")
	eventually(t, time.Second, "one allocation gone", func() bool { return r.Stats().AllocationsLive == 1 })
	if err := refresh(a, time.Minute); err == nil {
		t.Error("the revoked leg was refreshed")
	}
	if err := refresh(b, time.Minute); err != nil {
		t.Errorf("the other leg: %v", err)
	}
}

// An allocation that was being made while its call was revoked must not live.
func TestRevokeWinsTheRace(t *testing.T) {
	t.Parallel()
	table := newTable(Limits{PerLeg: 8, Allocations: 8})
	table.revoke([]Revocation{{Call: "call1"}}, time.Now())
	if err := table.add(&socket{who: legOf("a")}); err == nil {
		t.Fatal("a socket of a revoked call became an allocation")
	}
}

func TestRefreshToZeroEndsAllocation(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	a := r.allocate(t, "udp", "call1", "a")
	if err := ask(a, stun.MethodRefresh, lifetimeAttr(0)); err != nil {
		t.Fatal(err)
	}
	if n := r.Stats().AllocationsLive; n != 0 {
		t.Errorf("got %d allocations, want none", n)
	}
}

func TestRevocationsHoldAsLongAsCredentials(t *testing.T) {
	t.Parallel()
	r := newRevocations(10)
	start := time.Unix(1_700_000_000, 0)
	r.add(legKey{"call1", ""}, start)
	r.add(legKey{"call2", "a"}, start)
	r.sweep(start.Add(MaxTTL + clockSkew))
	for _, c := range []struct {
		call, leg string
		want      bool
	}{{"call1", "a", true}, {"call1", "b", true}, {"call2", "a", true}, {"call2", "b", false}, {"call3", "a", false}} {
		if got := r.holds(c.call, c.leg); got != c.want {
			t.Errorf("%s %s: got %v, want %v", c.call, c.leg, got, c.want)
		}
	}
	r.add(legKey{"call1", ""}, start.Add(time.Minute)) // again: held from now
	r.sweep(start.Add(revokedFor))
	if !r.holds("call1", "a") || r.holds("call2", "a") {
		t.Error("after the hold: want call1, revoked again, and not call2")
	}
	r.sweep(start.Add(time.Minute + revokedFor))
	if r.order.Len() != 0 || len(r.byKey) != 0 {
		t.Errorf("got %d and %d entries left, want none", r.order.Len(), len(r.byKey))
	}
}

func TestRevocationsForgetInTheSafeDirection(t *testing.T) {
	t.Parallel()
	const limit = 10
	r := newRevocations(limit)
	start := time.Unix(1_700_000_000, 0)
	for i := range limit + 1 {
		r.add(legKey{fmt.Sprint("call", i), ""}, start.Add(time.Duration(i)*time.Second))
	}
	if len(r.byKey) != limit || r.order.Len() != limit {
		t.Fatalf("got %d and %d entries, want %d", len(r.byKey), r.order.Len(), limit)
	}
	if r.holds("call0", "a") {
		t.Fatal("the oldest should have made room")
	}
	if last := start.Add(MaxTTL); !r.bars(last) {
		t.Error("a credential minted before the forgotten revocation passes")
	}
	if late := start.Add(2*clockSkew + MaxTTL); r.bars(late) {
		t.Error("a credential minted well after it is refused")
	}
}
