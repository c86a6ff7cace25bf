package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"
)

// Counts is what came in through the relay, packet by packet, by what RFC 7983
// makes of the first byte.
type Counts struct {
	Media   int `json:"media"`   // SRTP: sound or picture, be it silence or black
	Reports int `json:"reports"` // SRTCP
	Other   int `json:"other"`   // STUN and DTLS
}

// tap stands between a TURN client and its relay, and counts what the relay
// hands it of the other side. It knows nothing of keys and trusts no library
// to show it everything.
type tap struct {
	near *net.UDPConn // the client sends here
	far  *net.UDPConn // to the relay

	mu     sync.Mutex // guards following
	client *net.UDPAddr
	counts Counts
}

func newTap(relay string) (*tap, error) {
	addr, err := net.ResolveUDPAddr("udp4", relay)
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	near, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("tap: %w", err)
	}
	far, err := net.DialUDP("udp4", nil, addr)
	if err != nil {
		_ = near.Close()
		return nil, fmt.Errorf("tap: %w", err)
	}
	return &tap{near: near, far: far}, nil
}

// Serve passes packets both ways until Close.
func (t *tap) Serve() {
	var wg sync.WaitGroup
	wg.Go(t.out)
	wg.Go(t.in)
	wg.Wait()
}

func (t *tap) Close() {
	_ = t.near.Close()
	_ = t.far.Close()
}

func (t *tap) out() {
	b := make([]byte, 1<<16)
	for {
		n, from, err := t.near.ReadFromUDP(b)
		if err != nil {
			return
		}
		t.mu.Lock()
		t.client = from
		t.mu.Unlock()
		_, _ = t.far.Write(b[:n]) // a lost packet is one of UDP
	}
}

func (t *tap) in() {
	b := make([]byte, 1<<16)
	for {
		n, err := t.far.Read(b)
		if err != nil {
			return
		}
		t.mu.Lock()
		to := t.client
		t.counts.add(payload(b[:n]))
		t.mu.Unlock()
		if to != nil {
			_, _ = t.near.WriteToUDP(b[:n], to)
		}
	}
}

// Counts returns what came until now.
func (t *tap) Counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}

func (c *Counts) add(p []byte) {
	switch {
	case len(p) < 2:
	case p[0] < 128 || p[0] > 191:
		c.Other++
	case p[1] >= 192 && p[1] <= 223: // RFC 5761
		c.Reports++
	default:
		c.Media++
	}
}

// TURN, as far as it carries data (RFC 8656).
const (
	stunHead       = 20
	dataIndication = 0x0017
	attrData       = 0x0013
)

// payload returns what the other side sent, of ChannelData or a Data
// indication; nothing of what the relay says itself.
func payload(b []byte) []byte {
	if len(b) < 4 {
		return nil
	}
	if b[0]>>6 == 1 {
		return b[4:min(len(b), 4+int(binary.BigEndian.Uint16(b[2:])))]
	}
	if len(b) < stunHead || binary.BigEndian.Uint16(b) != dataIndication {
		return nil
	}
	for b = b[stunHead:]; len(b) >= 4; {
		kind, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		b = b[4:]
		if kind == attrData {
			return b[:min(len(b), size)]
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return nil
}
