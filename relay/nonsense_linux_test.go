package relay

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"github.com/ringfence/ringfence/internal/testenv"
	"github.com/ringfence/ringfence/relay/internal/wire"
)

// fool sends nonsense. What it does is its own: a seed each.
type fool struct {
	*rig
	rand *rand.Rand
	cred Credential
	tame bool // finishes its handshakes: those that stop take long to be forgotten
}

// Whatever clients send, and wherever they stop, nothing of it stays: no
// goroutine, no descriptor, no memory and no entry of a table. It runs alone,
// because it counts what the process has.
func TestNonsenseLeavesNothing(t *testing.T) {
	r := impatient(t, 500*time.Millisecond, Limits{PerLeg: 256, Strangers: Unlimited})
	round := func(call string, long time.Duration, tame bool) {
		var fools sync.WaitGroup
		end := time.Now().Add(long)
		for i := range 8 {
			f := &fool{r, rand.New(rand.NewPCG(uint64(i), uint64(long))), r.mint(t, call, "a"), tame}
			fools.Go(func() {
				for time.Now().Before(end) {
					f.act()
				}
			})
		}
		fools.Wait()
		r.Server.Revoke(Revocation{Call: call}) // some had a sense by chance
		r.clock.advance(2 * reservedFor)
		r.reserved.sweep(r.clock.now())
	}
	round("call1", 500*time.Millisecond, true) // all that is lazy is there after it
	r.settle(t, standing{1 << 20, 1 << 20, 1 << 40, nothingLeft}, 0)
	before := r.standing(t)
	long := 2 * time.Second
	if testenv.Long() {
		long = time.Minute
	}
	round("call2", long, false)
	r.settle(t, before, heapSlack)
	st := r.Stats()
	for _, why := range []Refusal{RefusedMalformed, RefusedCredential, RefusedRequest, RefusedMismatch, RefusedHandshake} {
		if st.Refusals[why] == 0 {
			t.Errorf("nothing was refused as %s: the nonsense is too tame", why)
		}
	}
	if st.AllocationsTotal == 0 {
		t.Error("nothing had a sense: the nonsense is too wild")
	}
	t.Logf("%d packets by UDP, %d by TCP, %d allocations, refused %v", st.UDP.PacketsIn, st.TCP.PacketsIn, st.AllocationsTotal, st.Refusals)
}

// act is one client from its beginning to its end.
func (f *fool) act() {
	what := f.rand.IntN(8)
	if f.tame {
		what = 2 + what%6
	}
	switch what {
	case 0:
		f.halfTLS()
	case 1:
		f.halfDTLS()
	case 2, 3, 4:
		if conn, err := net.Dial("udp", f.udpAddr().String()); err == nil {
			f.talk(conn, ViaUDP)
		}
	case 5, 6:
		if conn, err := net.Dial("tcp", f.tcpAddr().String()); err == nil {
			f.talk(conn, ViaTCP)
		}
	case 7:
		if conn, err := dialStream("tls", f.tcpAddr().String()); err == nil {
			f.talk(conn, ViaTLS)
		}
	}
}

// talk says a few things, and goes away without a word.
func (f *fool) talk(conn net.Conn, via Via) {
	defer func() { _ = conn.Close() }()
	src, _ := addrPort(conn.LocalAddr())
	dst, _ := addrPort(conn.RemoteAddr())
	answers := make([]byte, 2000)
	for range 1 + f.rand.IntN(8) {
		if _, err := conn.Write(f.message(client{via, src, dst})); err != nil {
			return
		}
		if f.rand.IntN(3) == 0 {
			_ = conn.SetReadDeadline(time.Now().Add(2 * time.Millisecond))
			_, _ = conn.Read(answers)
		}
	}
}

// bytes are up to n at random.
func (f *fool) bytes(n int) []byte {
	b := make([]byte, f.rand.IntN(n+1))
	for i := range b {
		b[i] = byte(f.rand.Uint32())
	}
	return b
}

func (f *fool) message(c client) []byte {
	switch f.rand.IntN(8) {
	case 0:
		return f.bytes(1700)
	case 1: // as if in a channel
		return append([]byte{0x40, byte(f.rand.IntN(4)), 0, byte(f.rand.IntN(64))}, f.bytes(64)...)
	case 2: // half of a message
		m := f.stun(c, longTermKey(f.cred.Username, DefaultRealm, f.cred.Password))
		return m[:f.rand.IntN(len(m))]
	case 3:
		return f.stun(c, nil)
	case 4:
		return f.stun(c, longTermKey(f.cred.Username, DefaultRealm, "wrong"))
	}
	return f.stun(c, longTermKey(f.cred.Username, DefaultRealm, f.cred.Password))
}

// stun is a message of a known or unknown method, with attributes in and out
// of place.
func (f *fool) stun(c client, key []byte) []byte {
	methods := []wire.Method{
		wire.Binding, wire.Allocate, wire.Allocate, wire.Allocate, wire.Refresh, wire.Send, wire.Data, wire.CreatePermission, wire.ChannelBind,
		wire.Connect, wire.ConnectionBind, wire.ConnectionAttempt, wire.Method(f.rand.IntN(0x1000)),
	}
	classes := []wire.Class{wire.Request, wire.Request, wire.Request, wire.Request, wire.Indication, wire.Success, wire.Failure}
	attrs := []wire.Attr{
		wire.ChannelNumber, wire.Lifetime, wire.XORPeerAddress, wire.DataAttr, wire.RequestedFamily, wire.EvenPort, wire.DontFragment,
		wire.ReservationToken, wire.ConnectionID, wire.AdditionalFamily, wire.Software, wire.Attr(f.rand.IntN(0x10000)),
	}
	var id [wire.IDLen]byte
	copy(id[:], f.bytes(wire.IDLen))
	m := wire.New(nil, methods[f.rand.IntN(len(methods))], classes[f.rand.IntN(len(classes))], id)
	if f.rand.IntN(4) > 0 {
		m = m.AppendUint32(wire.RequestedTransport, []uint32{protocolUDP, protocolUDP, protocolTCP, f.rand.Uint32()}[f.rand.IntN(4)]<<24)
	}
	if f.rand.IntN(2) == 0 {
		peers := []string{"127.0.0.1:9", "8.8.8.8:53", "[::1]:4000", "10.0.0.1:1", f.tcpAddr().String()}
		m = m.AppendXORAddr(wire.XORPeerAddress, netip.MustParseAddrPort(peers[f.rand.IntN(len(peers))]))
	}
	if f.rand.IntN(4) == 0 {
		m = m.Append(wire.EvenPort, []byte{0x80})
	}
	for range max(0, f.rand.IntN(5)-2) {
		m = m.Append(attrs[f.rand.IntN(len(attrs))], f.bytes(12))
	}
	if key != nil {
		m = m.AppendText(wire.Username, f.cred.Username).AppendText(wire.Realm, DefaultRealm).
			AppendText(wire.Nonce, f.Server.front.nonces.make(c)).Sign(key)
	}
	if f.rand.IntN(4) == 0 {
		m = m.AppendFingerprint()
	}
	if f.rand.IntN(8) == 0 {
		m[f.rand.IntN(len(m))] ^= 1 << f.rand.IntN(8)
	}
	return m
}

// short is a moment in which a handshake may or may not get somewhere.
func (f *fool) short() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Duration(f.rand.IntN(3000))*time.Microsecond)
}

func (f *fool) halfTLS() {
	conn, err := net.Dial("tcp", f.tcpAddr().String())
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	if f.rand.IntN(2) == 0 {
		_, _ = conn.Write(append([]byte{recordHandshake, 3, 1, 0, byte(f.rand.IntN(256))}, f.bytes(200)...))
		return
	}
	ctx, cancel := f.short()
	defer cancel()
	_ = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx)
}

func (f *fool) halfDTLS() {
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(loopback(0)))
	if err != nil {
		return
	}
	defer func() { _ = udp.Close() }()
	if f.rand.IntN(2) == 0 {
		_, _ = udp.WriteTo(append([]byte{recordHandshake, 0xfe, 0xfd}, f.bytes(300)...), f.udpAddr())
		return
	}
	conn, err := dtls.ClientWithOptions(udp, f.udpAddr(), dtls.WithInsecureSkipVerify(true))
	if err != nil {
		return
	}
	ctx, cancel := f.short()
	defer cancel()
	_ = conn.HandshakeContext(ctx)
	_ = conn.Close()
}
