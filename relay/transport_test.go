package relay

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// transports are all that a client may come by.
func transports() []string { return []string{"udp", "tcp", "tls", "dtls"} }

// everything is a relay that is heard over each transport at one address.
func everything(t testing.TB, at string, change func(*Config)) *rig {
	t.Helper()
	return newRig(t, func(c *Config) {
		where := []netip.AddrPort{netip.MustParseAddrPort(at)}
		c.UDP, c.TCP, c.Certificate = where, where, certified(t, "localhost", "127.0.0.1", "::1")
		if change != nil {
			change(c)
		}
	})
}

func TestEveryTransportCarriesDataBothWays(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		for _, over := range transports() {
			t.Run(over+" at "+at, func(t *testing.T) {
				t.Parallel()
				r := everything(t, at, nil)
				a, b := r.allocate(t, over, "call1", "a"), r.allocate(t, over, "call1", "b")
				exchange(t, a, b) // by Send and Data indications
				exchange(t, b, a)
				// pion's client binds a channel on its own once it has sent.
				for _, p := range []*peer{a, b} {
					at, _ := addrPort(p.LocalAddr())
					sock := r.table.at(at)
					eventually(t, patience, "channel bound", func() bool { return sock.bound() == 1 })
				}
				for size := range 70 {
					carry(t, a, b, size)
					carry(t, b, a, size)
				}
				carry(t, a, b, 1300)
				via := map[string]Transport{"udp": r.Stats().UDP, "tcp": r.Stats().TCP, "tls": r.Stats().TLS, "dtls": r.Stats().DTLS}
				for name, s := range via {
					if name == over && (s.PacketsIn < 140 || s.PacketsOut < 140 || s.Allocations != 2) || name != over && s != (Transport{}) {
						t.Errorf("%s while %s is in use: %+v", name, over, s)
					}
				}
			})
		}
	}
}

// carry sends size bytes from a to b, and expects just these.
func carry(t *testing.T, a, b *peer, size int) {
	t.Helper()
	want := bytes.Repeat([]byte{byte(size + 1)}, size)
	if _, err := a.WriteTo(want, b.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	_ = b.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, 1500)
	if n, from, err := b.ReadFrom(got); err != nil || !bytes.Equal(got[:n], want) || from.String() != a.LocalAddr().String() {
		t.Fatalf("%d bytes: got %x from %v, %v", size, got[:n], from, err)
	}
}

// ChannelData by hand: over packets it need not be padded, over streams it is,
// and the shortest do not wait for what comes after them.
func TestShortChannelDataDoesNotWait(t *testing.T) {
	t.Parallel()
	for _, over := range transports() {
		t.Run(over, func(t *testing.T) {
			t.Parallel()
			r := everything(t, "127.0.0.1:0", nil)
			conn, cred := dial(t, over, r.front(over)), r.mint(t, "call1", "a")
			tc := clientOn(t, conn, r.cfg.Realm, cred)
			pc, err := tc.Allocate()
			if err != nil {
				t.Fatal(err)
			}
			a, b := &peer{pc, tc, cred}, r.allocate(t, "udp", "call1", "b")
			if err := b.client.CreatePermission(a.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			if err := bindChannel(a, 0x4007, b.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			for size := range 9 {
				want := bytes.Repeat([]byte{byte(size)}, size)
				if _, err := conn.WriteTo(channelData(0x4007, want, over == "tcp" || over == "tls"), conn.to); err != nil {
					t.Fatal(err)
				}
				_ = b.SetReadDeadline(time.Now().Add(patience))
				got := make([]byte, 100)
				if n, _, err := b.ReadFrom(got); err != nil || !bytes.Equal(got[:n], want) {
					t.Fatalf("%d bytes: got %x, %v", size, got[:n], err)
				}
			}
		})
	}
}

func TestEveryTransportMeetsEveryOther(t *testing.T) {
	t.Parallel()
	r := everything(t, "127.0.0.1:0", nil)
	for _, one := range transports() {
		for _, other := range transports() {
			call := fmt.Sprintf("call%s%s", one, other)
			exchange(t, r.allocate(t, one, call, "a"), r.allocate(t, other, call, "b"))
		}
	}
}

// A port for TLS is opened beside the plain one, and speaks both as well.
func TestPortOfItsOwnForTLS(t *testing.T) {
	t.Parallel()
	r := everything(t, "127.0.0.1:0", func(c *Config) { c.TLS = []netip.AddrPort{loopback(0)}; c.TCP = nil })
	if len(r.streams) != 1 {
		t.Fatalf("got %d listeners, want 1", len(r.streams))
	}
	exchange(t, r.allocate(t, "tls", "call1", "a"), r.allocate(t, "tcp", "call1", "b"))
	none := newRig(t, func(c *Config) { c.TLS = []netip.AddrPort{loopback(0)} })
	if len(none.streams) != 1 {
		t.Errorf("got %d listeners without a certificate, want the plain one", len(none.streams))
	}
}
