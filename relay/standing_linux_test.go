package relay

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/testenv"
)

// standing is what a relay and its process hold.
type standing struct {
	goroutines, descriptors int
	heap                    uint64
	tables                  string
}

// heapSlack is how much more heap may be in use after than before: buffers of
// the runtime, pools and maps that do not shrink.
const heapSlack = 2 << 20

const nothingLeft = "intents 0, reserved 0, links 0, connections 0 of 0 networks, sessions 0 and 0, handshakes 0, live 0, addresses 0, users 0, calls 0, clients 0, networks 0, accounts 0, revoked 0"

// impatient is a relay of every kind, in which a session of DTLS that says no
// more ends soon: else each test of what is left would wait a minute for it.
func impatient(t testing.TB, idle time.Duration, l Limits) *rig {
	t.Helper()
	clock := &testClock{at: time.Now()}
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	minter, err := NewMinter(keys, MaxTTL, clock.now)
	if err != nil {
		t.Fatal(err)
	}
	where := []netip.AddrPort{loopback(0)}
	s, err := Listen(t.Context(), Config{
		Shards: testenv.Shards(), UDP: where, TCP: where, Certificate: certified(t, "localhost"), Keys: keys, Now: clock.now, TCPPeers: true, Limits: l,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.packets {
		p.dtls.idle = idle
	}
	serve(t, s)
	return &rig{Server: s, keys: keys, minter: minter, clock: clock}
}

func (r *rig) standing(t testing.TB) standing {
	t.Helper()
	runtime.GC()
	runtime.GC() // what a finalizer let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return standing{runtime.NumGoroutine(), descriptors(t), m.HeapAlloc, r.tables()}
}

// tables tells the sizes of all that a server remembers of its clients.
func (r *rig) tables() string {
	f, tab := r.Server.front, r.table
	f.mu.Lock()
	intents := len(f.intents)
	f.mu.Unlock()
	r.reserved.mu.Lock()
	reserved := len(r.reserved.held)
	r.reserved.mu.Unlock()
	r.crowd.mu.Lock()
	connections, from := r.crowd.all, len(r.crowd.byNet)
	r.crowd.mu.Unlock()
	sessions, ends := 0, 0
	for _, p := range r.packets {
		if p.dtls != nil {
			p.dtls.mu.Lock()
			sessions += len(p.dtls.sessions)
			ends += len(p.dtls.conns)
			p.dtls.mu.Unlock()
		}
	}
	tab.mu.RLock()
	defer tab.mu.RUnlock()
	return fmt.Sprint("intents ", intents, ", reserved ", reserved, ", links ", len(r.peerLinks.all()),
		", connections ", connections, " of ", from, " networks, sessions ", sessions, " and ", ends, ", handshakes ", r.lobby.count(), ", live ", tab.live, ", addresses ", len(tab.byAddr),
		", users ", len(tab.byUser), ", calls ", len(tab.byCall), ", clients ", len(tab.clients), ", networks ", len(tab.quotas.byPrefix),
		", accounts ", len(tab.quotas.accounts), ", revoked ", tab.revoked.order.Len())
}

// settle waits until r stands as it did, and fails the test if it never does.
// A handshake that stays away holds on to its place for some seconds, and a
// revocation is remembered until its time is over.
func (r *rig) settle(t testing.TB, before standing, slack uint64) {
	t.Helper()
	r.clock.advance(revokedFor)
	var now standing
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(deadline) {
		now = r.standing(t)
		if now.goroutines <= before.goroutines && now.descriptors <= before.descriptors && now.tables == before.tables && now.heap <= before.heap+slack {
			return
		}
		<-tick.C
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("before %+v\nafter  %+v\n%s", before, now, stacks[:min(runtime.Stack(stacks, true), 20_000)])
}
