package relay

import (
	"math"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/testenv"
)

func TestMeter(t *testing.T) {
	t.Parallel()
	var m meter
	m.set(10_000, 7)
	for _, c := range []struct {
		n    int
		at   int64
		want bool
		why  string
	}{
		{9_000, 7, true, "a second's worth at once"},
		{1_001, 7, false, "more than is left"},
		{1_000, 7, true, "what is left"},
		{1, 7, false, "nothing is left"},
		{1_000, 8, true, "a tick brings a tenth"},
		{1, 8, false, "and no more"},
		{10_001, 1_000, false, "more than it ever holds"},
		{10_000, 1_000, true, "it filled up again"},
		{1, 999, false, "an earlier tick brings nothing"},
		{1, tickMask + 1_011, true, "the ticks may run over"},
	} {
		if got := m.take(c.n, c.at); got != c.want {
			t.Errorf("%s: %d bytes at tick %d: got %v, want %v", c.why, c.n, c.at, got, c.want)
		}
	}
	var none, slow meter
	none.set(Unlimited, 0)
	slow.set(1, 0)
	for range 3 {
		if !none.take(math.MaxInt32, 0) {
			t.Error("want no limit where there is none")
		}
	}
	if !slow.take(inboundMTU, 0) {
		t.Error("want room for a packet always")
	}
}

// A relay that nobody used for a while is full again, however long that was:
// nights, holidays, a year. The ticks run over in between.
func TestMeterFillsUpInAnySilence(t *testing.T) {
	t.Parallel()
	for silence := int64(10); silence < 1<<29; silence = silence*3/2 + 1 {
		var m meter
		m.set(10_000, 7)
		if !m.take(10_000, 7) {
			t.Fatal("want a second's worth at once")
		}
		passed := m.take(10_000, 7+silence)
		for wait := int64(1); !passed && wait <= lateTicks+ticksPerSecond; wait++ { // where the ticks have just run over
			passed = m.take(10_000, 7+silence+wait)
		}
		if !passed {
			t.Errorf("nothing passes after %v of silence", time.Duration(silence)*tickEvery)
		}
	}
}

// Many at once take as much as one would, and not a byte more.
func TestMeterIsExactUnderRaces(t *testing.T) {
	t.Parallel()
	var m meter
	m.set(1_000_000, 0)
	var taken atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5_000 {
				if m.take(100, int64(i%3)) { // some are late with their tick
					taken.Add(100)
				}
			}
		})
	}
	wg.Wait()
	if n := taken.Load(); n < 1_000_000 || n > 1_200_000 {
		t.Errorf("got %d bytes, want what is there and two ticks' worth at most", n)
	}
}

// sinkConn swallows packets and counts their bytes.
type sinkConn struct {
	udpConn
	bytes int
}

func (c *sinkConn) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) {
	c.bytes += len(b)
	return len(b), nil
}
func (c *sinkConn) Close() error { return nil }

func sendALot(t *testing.T, s *socket, to net.Addr) {
	t.Helper()
	for range 100 {
		if n, err := s.WriteTo(make([]byte, 1000), to); n != 1000 || err != nil {
			t.Fatalf("out: got %d, %v: a dropped packet is no error", n, err)
		}
	}
}

func readMany(t *testing.T, s *socket, packets int) {
	t.Helper()
	for range packets {
		if n, _, err := s.ReadFrom(make([]byte, 1600)); n != 1000 || err != nil {
			t.Fatalf("in: got %d, %v", n, err)
		}
	}
}

func TestRatesHoldBothWays(t *testing.T) {
	t.Parallel()
	outside := netip.MustParseAddrPort("8.8.8.8:4000")
	to := net.UDPAddrFromAddrPort(outside)
	for _, c := range []struct {
		name   string
		limits Limits
		want   Refusal
		bytes  int
	}{
		{"each", Limits{BytesPerSecond: 50_000}, RefusedRate, 50_000},
		{"all", Limits{BytesPerSecondTotal: 60_000}, RefusedTotalRate, 60_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := Listen(t.Context(), Config{Shards: testenv.Shards(), UDP: []netip.AddrPort{loopback(0)}, STUNOnly: true, Limits: c.limits})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			conn := &sinkConn{}
			sock := s.newSocket(conn, legOf("a"), loopback(4001), loopback(4001))
			sock.permit(outside.Addr(), true)
			sendALot(t, sock, to)
			if conn.bytes != c.bytes {
				t.Errorf("out: got %d bytes, want %d", conn.bytes, c.bytes)
			}
			if n := s.Stats().Refusals[c.want]; n != uint64(100-c.bytes/1000) {
				t.Errorf("out: got %d refusals, want %d", n, 100-c.bytes/1000)
			}
			sock.conn = &scriptedPackets{packets: slices.Repeat([][]byte{make([]byte, 1000)}, 100), from: outside}
			readMany(t, sock, c.bytes/1000)
			if r := sock.gate.fromPeer(1000); r != c.want {
				t.Errorf("in: got %q, want %q", r, c.want)
			}
			s.tick(time.Second)
			if sock.gate.fromPeer(1000) != "" || sock.gate.toPeer(1000) != "" {
				t.Error("a second later nothing passes")
			}
		})
	}
}

// The clock of the rates follows the time even where ticks are left out, and
// seconds follow it.
func TestTicks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{rates: newRates(Limits{}), clock: new(atomic.Int64)}
		s.tick(50 * time.Millisecond)
		s.tick(3200 * time.Millisecond)
		s.tick(3100 * time.Millisecond)
		if ticks, seconds := s.rates.ticks.Load(), s.clock.Load(); ticks != 32 || seconds != 3 {
			t.Errorf("got %d ticks and %d seconds, want 32 and 3", ticks, seconds)
		}
	})
}

func BenchmarkMeter(b *testing.B) {
	g := newGate(newRates(Limits{BytesPerSecond: 1 << 30, BytesPerSecondTotal: 1 << 30}), 0, nil)
	for b.Loop() {
		_ = g.toPeer(1200)
	}
}
