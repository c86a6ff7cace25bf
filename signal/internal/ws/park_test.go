//go:build linux

package ws

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// parked is a connection over a real socket that is read as the hub reads:
// by a goroutine that ends where the connection is parked.
type parked struct {
	Conn
	peer     net.Conn
	messages chan string
	counts   atomic.Bool // each message is counted, not kept
	counted  chan struct{}
	ended    chan error
	readers  sync.WaitGroup
}

func (p *parked) run() {
	for {
		b, err := p.Next()
		switch {
		case err == nil && p.counts.Load():
			p.counted <- struct{}{}
		case err == nil:
			p.messages <- string(b)
		case errors.Is(err, ErrIdle):
			if p.Park() {
				return
			}
		default:
			p.ended <- err
			return
		}
	}
}

// certificate is one for tests.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func newLot(t *testing.T) *Lot {
	t.Helper()
	lot, err := NewLot()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- lot.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return lot
}

func connect(t *testing.T, lot *Lot, secure bool) *parked {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	near, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if secure {
		server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{certificate(t)}, MinVersion: tls.VersionTLS13})
		client := tls.Client(near, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13})
		go func() { _ = client.Handshake() }()
		if err := server.Handshake(); err != nil {
			t.Fatal(err)
		}
		near, far = client, server
	}
	p := &parked{peer: near, messages: make(chan string, 100), ended: make(chan error, 1), counted: make(chan struct{})}
	p.start(far, &Options{Pool: &Pool{}, Limit: 70000})
	p.lot = lot
	p.wake = func() { p.readers.Go(p.run) }
	p.readers.Go(p.run)
	t.Cleanup(func() {
		p.CloseNow()
		_ = near.Close()
		p.readers.Wait()
	})
	return p
}

// until waits for what another goroutine does.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.After(20 * time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

func (p *parked) park(t *testing.T) {
	t.Helper()
	until(t, "parked", func() bool {
		p.LetGo()
		return p.parked.Load() && p.lot.Len() == 1
	})
}

func (p *parked) say(t *testing.T, b []byte) {
	t.Helper()
	if _, err := p.peer.Write(b); err != nil {
		t.Fatal(err)
	}
}

// hear reads n bytes from the peer's side.
func (p *parked) hear(t *testing.T, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if err := p.peer.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(p.peer, b); err != nil || string(b) != want {
		t.Fatalf("got %q, %v; want %q", b, err, want)
	}
}

func TestParking(t *testing.T) {
	t.Parallel()
	for what, then := range map[string]func(*testing.T, *parked){
		"a message comes in, and after it another":            messagesWake,
		"a ping is answered, and the connection parked again": pingsWake,
		"half a frame, then the rest":                         halfAFrameWakes,
		"what is written arrives":                             writesArrive,
		"closed by us":                                        closedByUs,
		"closed by the peer":                                  closedByPeer,
		"cut off by us":                                       cutOff,
	} {
		for name, secure := range map[string]bool{"plain": false, "TLS": true} {
			t.Run(what+", "+name, func(t *testing.T) {
				t.Parallel()
				then(t, connect(t, newLot(t), secure))
			})
		}
	}
}

func messagesWake(t *testing.T, p *parked) {
	t.Helper()
	for range 3 {
		p.park(t)
		p.say(t, slices.Concat(clientFrame(text, "a"), clientFrame(text, "b")))
		if a, b := <-p.messages, <-p.messages; a != "a" || b != "b" {
			t.Errorf("got %q and %q", a, b)
		}
		p.say(t, clientFrame(text, "c"))
		if c := <-p.messages; c != "c" {
			t.Errorf("got %q", c)
		}
	}
}

func pingsWake(t *testing.T, p *parked) {
	t.Helper()
	p.park(t)
	for range 3 {
		p.say(t, clientFrame(bitFIN|opPing, "x"))
		p.hear(t, "\x8a\x01x")
		until(t, "parked again", func() bool { return p.lot.Len() == 1 })
	}
}

func halfAFrameWakes(t *testing.T, p *parked) {
	t.Helper()
	p.park(t)
	frame := clientFrame(text, "hello")
	p.say(t, frame[:3])
	until(t, "woken", func() bool { return p.lot.Len() == 0 })
	p.LetGo() // not in the middle of a frame
	p.say(t, frame[3:])
	if m := <-p.messages; m != "hello" {
		t.Errorf("got %q", m)
	}
}

func writesArrive(t *testing.T, p *parked) {
	t.Helper()
	p.park(t)
	if err := p.Ping(7); err != nil {
		t.Fatal(err)
	}
	p.hear(t, "\x89\x04\x00\x00\x00\x07")
}

func closedByUs(t *testing.T, p *parked) {
	t.Helper()
	p.park(t)
	if err := p.Close(4000); err != nil {
		t.Fatal(err)
	}
	p.hear(t, "\x88\x02\x0f\xa0")
	p.say(t, closeFrame(4000, ""))
	left := new(CloseError)
	if err := <-p.ended; !errors.As(err, &left) || left.Code != 4000 {
		t.Errorf("ended with %v", err)
	}
}

func closedByPeer(t *testing.T, p *parked) {
	t.Helper()
	p.park(t)
	_ = p.peer.Close()
	if err := <-p.ended; err == nil {
		t.Error("no error")
	}
}

func cutOff(t *testing.T, p *parked) {
	t.Helper()
	p.park(t)
	p.CloseNow()
	if err := <-p.ended; err == nil || p.lot.Len() != 0 {
		t.Errorf("%v, %d parked", err, p.lot.Len())
	}
}

// TestParkingWhileBusy parks again and again while messages come in: none is
// lost, none stays behind.
func TestParkingWhileBusy(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := connect(t, newLot(t), secure)
			const n = 2000
			go func() {
				for i := range n {
					_, _ = p.peer.Write(clientFrame(text, string(rune('a'+i%26))))
				}
			}()
			for i := range n {
				p.LetGo()
				select {
				case m := <-p.messages:
					if m != string(rune('a'+i%26)) {
						t.Fatalf("message %d is %q", i, m)
					}
				case <-time.After(20 * time.Second):
					t.Fatalf("message %d never came; parked: %v", i, p.parked.Load())
				}
			}
		})
	}
}

// TestRoomy: a peer that does not read takes little.
func TestRoomy(t *testing.T) {
	t.Parallel()
	p := connect(t, newLot(t), false)
	if !p.Roomy(most) || p.Roomy(most+1) {
		t.Error("a new connection has room for so much and no more")
	}
	frame := make([]byte, most)
	n := 0
	for ; p.Roomy(most); n++ {
		if n > 1<<20 {
			t.Fatal("it has room for ever")
		}
		if err := p.Write(frame); err != nil {
			t.Fatal(err)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, p.peer) }()
	until(t, "room once the peer reads", func() bool { return p.Roomy(most) })
}
