//go:build amd64 || arm64

package relay

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"golang.org/x/sys/unix"
)

// planeRig is a relay with a data plane, whatever the other tests run over.
func planeRig(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	return newRig(t, func(c *Config) {
		c.Shards, c.AllowOwnAddresses = 2, true
		if change != nil {
			change(c)
		}
	})
}

// lane is a client with a channel to a peer, both plain sockets.
type lane struct {
	client  *rawClient
	peer    *net.UDPConn
	relayed net.Addr
}

func newLane(t testing.TB, r *rig) lane {
	t.Helper()
	return newLaneWith(t, r, r.mint(t, "call1", "a"))
}

func newLaneWith(t testing.TB, r *rig, c Credential) lane {
	t.Helper()
	peer, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback(0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	client := dialRaw(t, r.udpAddr(), c)
	l := lane{client: client, peer: peer}
	l.relayed = client.channel(t, peer.LocalAddr())
	for _, c := range []*net.UDPConn{peer, client.UDPConn} {
		_ = c.SetReadBuffer(1 << 20)
		_ = c.SetReadDeadline(time.Now().Add(patience))
	}
	return l
}

// numbered returns packets of many lengths that say which they are.
func numbered(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		size := []int{8, 160, 1200, 1200, 1200, 700}[rand.IntN(6)]
		out[i] = bytes.Repeat([]byte{byte(i)}, size)
		binary.BigEndian.PutUint32(out[i], uint32(i))
	}
	return out
}

func (l lane) toPeer(t testing.TB, packets [][]byte) {
	t.Helper()
	buf := make([]byte, 1600)
	for _, p := range packets {
		n, from, err := l.peer.ReadFromUDPAddrPort(buf)
		if err != nil || !bytes.Equal(buf[:n], p) || from.String() != l.relayed.String() {
			t.Fatalf("got %d bytes of %x from %v, %v; want %d of %x", n, buf[:min(n, 4)], from, err, len(p), p[:4])
		}
	}
}

func (l lane) toClient(t testing.TB, packets [][]byte) {
	t.Helper()
	buf := make([]byte, 1600)
	for _, p := range packets {
		n, err := l.client.Read(buf)
		if err != nil || !bytes.Equal(buf[:n], channelData(0x4000, p, false)) {
			t.Fatalf("got %d bytes, %x…, %v; want %d, %x…", n, buf[:min(n, 8)], err, len(p), p[:4])
		}
	}
}

// What a channel carries goes past pion, whole and in order, in bursts and
// singly, before and after the channel has a socket of its own.
func TestChannelsGoPastPion(t *testing.T) {
	t.Parallel()
	r := planeRig(t, nil)
	l := newLane(t, r)
	for round := range 6 {
		packets := numbered(40)
		for _, p := range packets {
			if _, err := l.client.Write(channelData(0x4000, p, round%2 == 1)); err != nil {
				t.Fatal(err)
			}
		}
		l.toPeer(t, packets)
		for _, p := range packets {
			if _, err := l.peer.WriteTo(p, l.relayed); err != nil {
				t.Fatal(err)
			}
		}
		l.toClient(t, packets)
	}
	eventually(t, patience, "all counted", func() bool { return r.Stats().Fast >= 2*6*40 })
	if st := r.Stats(); st.Fast != 2*6*40 || st.Memory != 0 || st.Peers.PacketsIn != 6*40 || st.Peers.PacketsOut != 6*40 {
		t.Errorf("%d packets past pion, %d in memory, want %d and none; peers %+v", st.Fast, st.Memory, 2*6*40, st.Peers)
	}
}

// Where there is no plane the same packets go by pion.
func TestWithoutShardsPionPassesOn(t *testing.T) {
	t.Parallel()
	r := planeRig(t, func(c *Config) { c.Shards = ShardsOff })
	l := newLane(t, r)
	packets := numbered(20)
	for _, p := range packets {
		_, _ = l.client.Write(channelData(0x4000, p, false))
	}
	l.toPeer(t, packets)
	eventually(t, patience, "20 packets counted", func() bool { return r.Stats().Peers.PacketsOut == 20 })
	if got := r.Stats().Fast; got != 0 {
		t.Errorf("%d packets past pion", got)
	}
}

// sendRun sends one super-packet that the kernel hands over whole or cuts.
func sendRun(t testing.TB, c *net.UDPConn, b []byte, size int, to netip.AddrPort) {
	t.Helper()
	oob := make([]byte, unix.CmsgSpace(2))
	h := unix.Cmsghdr{Level: unix.SOL_UDP, Type: unix.UDP_SEGMENT}
	h.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint64(oob, h.Len)
	binary.NativeEndian.PutUint32(oob[8:], uint32(h.Level))
	binary.NativeEndian.PutUint32(oob[12:], uint32(h.Type))
	binary.NativeEndian.PutUint16(oob[16:], uint16(size))
	if _, _, err := c.WriteMsgUDPAddrPort(b, oob, to); err != nil {
		t.Fatal(err)
	}
}

// Runs that come in whole leave as the packets that they are.
func TestRunsAreCut(t *testing.T) {
	t.Parallel()
	r := planeRig(t, nil)
	l := newLane(t, r)
	relayed, _ := addrPort(l.relayed)
	for _, last := range []int{1200, 300} {
		packets := make([][]byte, 20)
		var in, back []byte
		for i := range packets {
			packets[i] = bytes.Repeat([]byte{byte(i + 1)}, 1200)
		}
		packets[19] = packets[19][:last]
		for _, p := range packets {
			in = append(in, channelData(0x4000, p, false)...)
			back = append(back, p...)
		}
		for range 4 { // with and without a socket of its own
			sendRun(t, l.client.UDPConn, in, 1204, netip.AddrPort{})
			l.toPeer(t, packets)
			sendRun(t, l.peer, back, 1200, relayed)
			l.toClient(t, packets)
		}
	}
}

// Where the kernel cuts no runs, packets go one by one, and the shard remembers.
func TestRunsThatAreNotCut(t *testing.T) {
	t.Parallel()
	r := planeRig(t, nil)
	l := newLane(t, r)
	relayed, _ := addrPort(l.relayed)
	pl, _ := r.plane.(*plane)
	each := func(do func(*file)) {
		for _, sh := range pl.shards {
			sh.mu.Lock()
			for _, f := range sh.files {
				if f != nil {
					do(f)
				}
			}
			sh.mu.Unlock()
		}
	}
	each(func(f *file) {
		if err := unix.SetsockoptInt(f.fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
			t.Error(err)
		}
	})
	packets := make([][]byte, 8)
	var in, back []byte
	for i := range packets {
		packets[i] = bytes.Repeat([]byte{byte(i + 1)}, 1000)
		in = append(in, channelData(0x4000, packets[i], false)...)
		back = append(back, packets[i]...)
	}
	for range 2 {
		sendRun(t, l.client.UDPConn, in, 1004, netip.AddrPort{})
		l.toPeer(t, packets)
		sendRun(t, l.peer, back, 1000, relayed)
		l.toClient(t, packets)
	}
	peers, doors := 0, 0
	each(func(f *file) {
		switch {
		case f.listener != nil && f.listener.uncut.Load():
			doors++
		case f.listener == nil && f.uncut:
			peers++
		}
	})
	if peers != 1 || doors != 1 {
		t.Errorf("%d sockets towards peers and %d listeners are known to cut nothing, want one of each", peers, doors)
	}
}

// Two clients of one relay meet in memory.
func TestClientsMeetInMemory(t *testing.T) {
	t.Parallel()
	r := planeRig(t, func(c *Config) { c.AllowOwnAddresses = false })
	a, b := dialRaw(t, r.udpAddr(), r.mint(t, "call1", "a")), dialRaw(t, r.udpAddr(), r.mint(t, "call1", "b"))
	atB := b.channel(t, &net.UDPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 9}) // for its address alone
	atA := a.channel(t, atB)
	at, _ := addrPort(atA)
	b.do(t, stun.MethodChannelBind, channelAttr(0x4001), peerAttr{net.UDPAddrFromAddrPort(at)})
	sides := []struct {
		from, to     *rawClient
		number, seen uint16
	}{{a, b, 0x4000, 0x4001}, {b, a, 0x4001, 0x4000}}
	for _, s := range sides {
		packets := numbered(60)
		_ = s.to.SetReadDeadline(time.Now().Add(patience))
		for _, p := range packets {
			_, _ = s.from.Write(channelData(s.number, p, false))
		}
		buf := make([]byte, 1600)
		for i, p := range packets {
			n, err := s.to.Read(buf)
			if err != nil || !bytes.Equal(buf[:n], channelData(s.seen, p, false)) {
				t.Fatalf("packet %d: got %x, %v", i, buf[:min(n, 8)], err)
			}
		}
	}
	eventually(t, patience, "all counted", func() bool { return r.Stats().Memory >= 120 })
	if st := r.Stats(); st.Memory != 120 || st.Peers.PacketsIn != 120 || st.Peers.PacketsOut != 120 {
		t.Errorf("%d packets in memory, want 120; peers %+v", st.Memory, st.Peers)
	}
	// What ends one end ends the way.
	r.RevokeLeg("call1", "b")
	_, _ = a.Write(channelData(0x4000, []byte("too late"), false))
	eventually(t, patience, "a refusal", func() bool { return r.Stats().Refusals[RefusedOwnAddress] == 1 })
	if got := r.Stats().Memory; got != 120 {
		t.Errorf("%d packets in memory after the end", got)
	}
}

// The limits hold past pion as they do by it.
func TestLimitsHoldPastPion(t *testing.T) {
	t.Parallel()
	r := planeRig(t, func(c *Config) { c.Limits.BytesPerSecond = 10_000 })
	l := newLane(t, r)
	for range 30 {
		_, _ = l.client.Write(channelData(0x4000, make([]byte, 1000), false))
		_, _ = l.peer.WriteTo(make([]byte, 1000), l.relayed)
	}
	eventually(t, patience, "each packet passed or refused", func() bool {
		st := r.Stats()
		return st.Fast+st.Refusals[RefusedRate] == 60
	})
	if st := r.Stats(); st.Fast < 20 || st.Fast > 30 {
		t.Errorf("%d packets passed, want 10 each way and little more", st.Fast)
	}
}

// A budget ends the allocation, wherever its packets go.
func TestBudgetEndsPastPion(t *testing.T) {
	t.Parallel()
	r := planeRig(t, nil)
	l := newLaneWith(t, r, r.mintBudget(t, "a", 5000))
	for range 10 {
		_, _ = l.client.Write(channelData(0x4000, make([]byte, 1000), false))
	}
	eventually(t, patience, "the end", func() bool { return r.Stats().AllocationsLive == 0 })
	if st := r.Stats(); st.Fast != 5 || st.Refusals[RefusedBudget] == 0 {
		t.Errorf("%d packets passed of a budget for 5", st.Fast)
	}
}

// An expired permission ends what a channel passes: RFC 8656 section 12.6.
func TestPermissionsCountPastPion(t *testing.T) {
	t.Parallel()
	r := planeRig(t, nil)
	l := newLane(t, r)
	sock := r.table.at(addrPortOf(l.relayed))
	peer := addrPortOf(l.peer.LocalAddr())
	for _, on := range []bool{true, false, true} {
		before := r.Stats()
		sock.permit(peer.Addr(), on)
		_, _ = l.client.Write(channelData(0x4000, []byte("to the peer"), false))
		_, _ = l.peer.WriteTo([]byte("to the client"), l.relayed)
		eventually(t, patience, fmt.Sprintf("permission %v", on), func() bool {
			st := r.Stats()
			passed, refused := st.Fast-before.Fast, st.Refusals[RefusedPeer]-before.Refusals[RefusedPeer]
			return on && passed == 2 && refused == 0 || !on && passed == 0 && refused == 2
		})
	}
}

// A busy channel has a socket of its own, and no other program can have a part
// of its port, not even who asks to share it.
func TestTwinsShareWithNobody(t *testing.T) {
	t.Parallel()
	r := planeRig(t, nil)
	l := newLane(t, r)
	at := addrPortOf(l.relayed)
	for range 2 * twinAfter {
		_, _ = l.client.Write(channelData(0x4000, []byte("busy"), false))
		l.toPeer(t, [][]byte{[]byte("busy")})
	}
	p, ok := r.table.at(at).conn.(*shardPeer)
	if !ok {
		t.Fatal("not of the plane")
	}
	p.shard.mu.Lock()
	twins := p.twins
	p.shard.mu.Unlock()
	if twins != 1 {
		t.Errorf("%d channels have a socket of their own, want 1", twins)
	}
	for _, option := range []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT} {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 1)
		if err := unix.Bind(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("option %d: got %v, want the port taken", option, err)
		}
		_ = unix.Close(fd)
	}
	// Others still reach the front.
	other, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback(0)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	before := r.Stats().Peers.PacketsIn
	_, _ = other.WriteTo([]byte("from the same address"), l.relayed)
	eventually(t, patience, "a packet by pion", func() bool { return r.Stats().Peers.PacketsIn == before+1 })
}

// A peer that is not there yet does not cost the packets that follow.
func TestAbsentPeerCostsNothing(t *testing.T) {
	t.Parallel()
	r := planeRig(t, nil)
	l := newLane(t, r)
	at := addrPortOf(l.peer.LocalAddr())
	for range 2 * twinAfter {
		_, _ = l.client.Write(channelData(0x4000, []byte("busy"), false))
	}
	eventually(t, patience, "all passed", func() bool { return r.Stats().Fast == 2*twinAfter })
	_ = l.peer.Close()
	for range 20 {
		_, _ = l.client.Write(channelData(0x4000, []byte("nobody"), false))
	}
	eventually(t, patience, "all passed", func() bool { return r.Stats().Fast == 2*twinAfter+20 })
	again, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	_ = again.SetReadDeadline(time.Now().Add(patience))
	l.peer = again
	packets := numbered(20)
	for _, p := range packets {
		_, _ = l.client.Write(channelData(0x4000, p, false))
	}
	l.toPeer(t, packets)
}

// Nothing is allocated for a packet that goes past pion, either way.
func TestPassingAllocatesNothing(t *testing.T) {
	r := planeRig(t, func(c *Config) { c.Limits.BytesPerSecond, c.Limits.BytesPerSecondTotal = 1<<30, 1<<30 })
	l := newLane(t, r)
	packet, in := channelData(0x4000, make([]byte, 1200), false), make([]byte, 1600)
	to := addrPortOf(l.relayed)
	_, _ = l.client.SetReadDeadline(time.Now().Add(4*patience)), l.peer.SetReadDeadline(time.Now().Add(4*patience))
	turnRound := func() {
		_, _ = l.client.Write(packet)
		_, _, _ = l.peer.ReadFromUDPAddrPort(in)
		_, _ = l.peer.WriteToUDPAddrPort(packet, to)
		_, _ = l.client.Read(in)
	}
	for range 2 * twinAfter {
		turnRound()
	}
	if n := testing.AllocsPerRun(1000, turnRound); n >= 1 {
		t.Errorf("%v allocations for each turn", n)
	}
	if r.Stats().Fast < 2000 {
		t.Error("the packets went another way")
	}
}

// Allocations come, go, lose and gain channels and permissions while packets
// flow both ways. What is looked for is what the race detector finds, and that
// nothing stays.
func TestChangeUnderLoad(t *testing.T) {
	t.Parallel()
	r := planeRig(t, func(c *Config) { c.Limits.PerLeg = 64 })
	var ends []func()
	for range 6 {
		ends = append(ends, newLane(t, r).busy())
	}
	for i := range 40 {
		l := newLane(t, r)
		at := addrPortOf(l.relayed)
		sock, peer := r.table.at(at), addrPortOf(l.peer.LocalAddr())
		for range twinAfter + 5 {
			_, _ = l.client.Write(channelData(0x4000, make([]byte, 100), false))
		}
		sock.permit(peer.Addr(), false)
		sock.permit(peer.Addr(), true)
		sock.channel(0x4000, peer, false)
		sock.channel(0x4000, peer, true)
		if i%2 == 0 {
			_ = sock.Close()
		}
	}
	if r.Stats().Fast == 0 {
		t.Error("nothing went past pion")
	}
	r.Server.Revoke(Revocation{Call: "call1"})
	for _, end := range ends {
		end()
	}
	p, _ := r.plane.(*plane)
	if got, want := p.twins.Load(), twinsFor(maxDescriptors()); got != want {
		t.Errorf("%d sockets may yet be opened, want %d", got, want)
	}
	for _, sh := range p.shards {
		if n := sh.watched(); n != 1 {
			t.Errorf("%d sockets are watched, want the listener alone", n)
		}
	}
}

// busy sends both ways, in bursts, until the end is asked for.
func (l lane) busy() (end func()) {
	stop, relayed := make(chan struct{}), addrPortOf(l.relayed)
	var wg sync.WaitGroup
	wg.Go(func() {
		beat := time.NewTicker(time.Millisecond) // requests need room in the listener's buffer
		defer beat.Stop()
		for {
			select {
			case <-stop:
				return
			case <-beat.C:
			}
			for range 8 {
				_, _ = l.client.Write(channelData(0x4000, make([]byte, 900), false))
				_, _ = l.peer.WriteToUDPAddrPort(make([]byte, 900), relayed)
			}
		}
	})
	return func() {
		close(stop)
		wg.Wait()
	}
}

func (sh *shard) watched() (n int) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, f := range sh.files {
		if f != nil {
			n++
		}
	}
	return n
}

// Allocations give back what they had.
func TestPlaneGivesBack(t *testing.T) {
	r := planeRig(t, nil)
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	for range 3 {
		l := newLane(t, r)
		for range twinAfter + 1 {
			_, _ = l.client.Write(channelData(0x4000, []byte("busy"), false))
			l.toPeer(t, [][]byte{[]byte("busy")})
		}
		before := count()
		l.client.do(t, stun.MethodRefresh, lifetimeAttr(0))
		eventually(t, patience, "two descriptors given back", func() bool { return count() == before-2 })
	}
	p, _ := r.plane.(*plane)
	if got, want := p.twins.Load(), twinsFor(maxDescriptors()); got != want {
		t.Errorf("%d sockets may yet be opened, want %d", got, want)
	}
	runtime.GC()
}
