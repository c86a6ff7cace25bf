package relay

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"github.com/ringfence/ringfence/internal/testenv"
)

// soakBytes is what each packet of a soak carries.
const soakBytes = 200

// soak is calls that come and go, and what became of them.
type soak struct {
	*rig
	handshakes                   chan struct{} // of DTLS, as many as one network may have
	allocations, packets, failed atomic.Int64
}

// Calls come and go, by each transport, some with a word and some without; in
// the end all is as it was in the beginning, and the counters add up. In make
// test-long it is 2,000 allocations at a time for ten minutes. It runs alone,
// because it counts what the process has.
func TestSoak(t *testing.T) {
	calls, stay, long, idle := 30, 300*time.Millisecond, 3*time.Second, 2*time.Second
	if testenv.Long() {
		calls, stay, long, idle = 1000, 20*time.Second, 10*time.Minute, 10*time.Second
	}
	r := impatient(t, idle, Limits{PerPrefix: Unlimited, Connections: Unlimited, PerNetwork: Unlimited, Strangers: Unlimited})
	s := &soak{rig: r, handshakes: make(chan struct{}, lobbyPerNet/2)}
	s.run(t, calls, stay, stay) // all that is lazy is there after it
	r.settle(t, standing{1 << 20, 1 << 20, 1 << 40, nothingLeft}, 0)
	before := r.standing(t)
	s.run(t, calls, stay, long)
	r.settle(t, before, heapSlack+uint64(calls)*2*4096) // maps stay as large as they were

	st := r.Stats()
	made, sent := uint64(s.allocations.Load()), uint64(s.packets.Load())
	by := st.UDP.Allocations + st.TCP.Allocations + st.TLS.Allocations + st.DTLS.Allocations
	failed := uint64(s.failed.Load()) // they may have been made all the same
	if st.AllocationsTotal < made || st.AllocationsTotal > made+failed || by != st.AllocationsTotal || st.AllocationsLive != 0 {
		t.Errorf("%d allocations made, counted %d, by transport %d, %d live", made, st.AllocationsTotal, by, st.AllocationsLive)
	}
	// Each packet that came leaves one allocation and enters another.
	if st.Peers.PacketsIn < sent || st.Peers.PacketsIn > st.Peers.PacketsOut ||
		st.Peers.BytesIn != soakBytes*st.Peers.PacketsIn || st.Peers.BytesOut != soakBytes*st.Peers.PacketsOut {
		t.Errorf("%d packets came, counted %+v", sent, st.Peers)
	}
	if failed > made/100 {
		t.Errorf("%d of %d failed", failed, made)
	}
	for _, via := range []Transport{st.UDP, st.TCP, st.TLS, st.DTLS} {
		if via.Allocations == 0 || via.Connections != 0 {
			t.Errorf("%+v", via)
		}
	}
	t.Logf("%d allocations, %d packets, %d failed", made, sent, failed)
}

// run has so many calls at a time, until it has done so for long.
func (s *soak) run(t *testing.T, calls int, stay, long time.Duration) {
	t.Helper()
	var all sync.WaitGroup
	end := time.Now().Add(long)
	for i := range calls {
		over := transports()[i%len(transports())]
		all.Go(func() {
			for time.Now().Before(end) {
				if err := s.call(over, stay); err != nil {
					s.failed.Add(1)
					t.Log(over, err)
				}
			}
		})
	}
	all.Wait()
}

// call is one from its beginning to its end.
func (s *soak) call(over string, stay time.Duration) error {
	name := rand.Text()
	defer s.Server.Revoke(Revocation{Call: name}) // of those that left without a word
	a, err := s.enter(over, name, "a")
	if err != nil {
		return err
	}
	defer a.leave()
	b, err := s.enter(over, name, "b")
	if err != nil {
		return err
	}
	defer b.leave()
	for until := time.Now().Add(time.Duration(mathrand.Int64N(int64(stay)))); ; {
		if err := errors.Join(s.pass(a, b), s.pass(b, a)); err != nil {
			return err
		}
		if !time.Now().Before(until) {
			return nil
		}
		pause := stay / 20
		wait(&pause, nil)
	}
}

// caller is one leg.
type caller struct {
	relayed net.PacketConn
	client  *turn.Client
	way     io.Closer
}

func (s *soak) enter(over, call, leg string) (*caller, error) {
	cred, err := s.minter.Mint(call, leg)
	if err != nil {
		return nil, err
	}
	if over == "dtls" {
		s.handshakes <- struct{}{}
	}
	way, err := soakWay(over, s.front(over))
	if over == "dtls" {
		<-s.handshakes
	}
	if err != nil {
		return nil, err
	}
	log := logging.NewDefaultLoggerFactory()
	log.Writer = io.Discard
	at := s.front(over).String()
	c := &caller{way: way}
	c.client, err = turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: at, TURNServerAddr: at, Conn: way, Username: cred.Username, Password: cred.Password, Realm: DefaultRealm, LoggerFactory: log,
	})
	if err == nil {
		err = c.client.Listen()
	}
	if err == nil {
		c.relayed, err = c.client.Allocate()
	}
	if err != nil {
		c.leave()
		return nil, err
	}
	s.allocations.Add(1)
	return c, nil
}

// leave ends a leg, now and then without a word.
func (c *caller) leave() {
	if mathrand.IntN(3) == 0 {
		_ = c.way.Close()
	}
	if c.relayed != nil {
		_ = c.relayed.Close() // pion's client has timers that nothing else ends
	}
	if c.client != nil {
		c.client.Close()
	}
	_ = c.way.Close()
}

// soakWay is what [dial] is to a test, for who comes and goes.
func soakWay(over string, server net.Addr) (net.PacketConn, error) {
	if over == "tcp" || over == "tls" {
		conn, err := dialStream(over, server.String())
		if err != nil {
			return nil, err
		}
		return &way{&streamClient{Conn: conn, in: newMessages()}, server}, nil
	}
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(loopback(0)))
	if err != nil || over == "udp" {
		return udp, err
	}
	conn, err := dtls.ClientWithOptions(udp, server, dtls.WithInsecureSkipVerify(true))
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
		defer cancel()
		err = conn.HandshakeContext(ctx)
	}
	if err != nil {
		_ = udp.Close()
		return nil, err
	}
	return &sealedWay{packetClient{conn}, udp}, nil
}

// sealedWay closes what is below as well.
type sealedWay struct {
	packetClient
	udp net.PacketConn
}

func (w *sealedWay) Close() error { return errors.Join(w.packetClient.Close(), w.udp.Close()) }

// pass sends until one packet has come through: a busy machine loses some.
func (s *soak) pass(from, to *caller) error {
	packet, got := make([]byte, soakBytes), make([]byte, 2*soakBytes)
	_, _ = rand.Read(packet)
	if err := to.client.CreatePermission(from.relayed.LocalAddr()); err != nil {
		return err
	}
	for range 20 {
		if _, err := from.relayed.WriteTo(packet, to.relayed.LocalAddr()); err != nil {
			return err
		}
		_ = to.relayed.SetReadDeadline(time.Now().Add(patience / 5))
		if n, _, err := to.relayed.ReadFrom(got); err == nil && bytes.Equal(got[:n], packet) {
			s.packets.Add(1)
			return nil
		}
	}
	return errNothing
}
