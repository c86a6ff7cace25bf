package main

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/cluster/local"
	"github.com/ringfence/ringfence/internal/relayd"
	"github.com/ringfence/ringfence/relay"
)

// A call that is revoked at one node ends at the other within a second.
func TestRevocationReachesTheOtherNode(t *testing.T) {
	t.Parallel()
	keys, err := relayKeys([32]byte{1}, relayd.Doors{})
	if err != nil {
		t.Fatal(err)
	}
	minter, err := relay.NewMinter(keys, time.Minute, now)
	if err != nil {
		t.Fatal(err)
	}
	bus := local.New(0)
	ctx, stop := context.WithCancel(t.Context())
	var ended []chan error
	serve := func(part func(context.Context) error) {
		done := make(chan error, 1)
		ended = append(ended, done)
		go func() { done <- part(ctx) }()
	}
	var nodes [2]*relay.Server
	var revoked [2]*relayd.Revocations
	for i := range nodes {
		if nodes[i], err = relay.Listen(ctx, relay.Config{UDP: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Keys: keys}); err != nil {
			t.Fatal(err)
		}
		revoked[i] = relayd.NewRevocations(nodes[i], func(msg []byte) error { return bus.Publish(ctx, revokedSubject, msg) }, slog.New(slog.DiscardHandler))
		if _, err := bus.Subscribe(revokedSubject, revoked[i].Receive); err != nil {
			t.Fatal(err)
		}
		serve(nodes[i].Serve)
		serve(revoked[i].Serve)
	}
	t.Cleanup(func() {
		stop()
		for _, done := range ended {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		_ = bus.Close()
	})
	_, urls := nodes[1].ICEURLs()
	at := strings.TrimSuffix(strings.TrimPrefix(urls[0], "turn:"), "?transport=udp")
	for _, call := range []string{"c1", "c2"} {
		c, err := minter.Mint(call, "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := allocate(t, at, c.Username, c.Password); err != nil {
			t.Fatal(err)
		}
	}
	if n := revoked[0].Revoke(relay.Revocation{Call: "c1"}); n != 0 {
		t.Errorf("%d allocations ended where there are none", n)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(time.Second); nodes[1].Stats().AllocationsLive != 1; {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%d allocations after a second, want 1", nodes[1].Stats().AllocationsLive)
		}
	}
	c, err := minter.Mint("c1", "b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := allocate(t, at, c.Username, c.Password); err == nil {
		t.Error("somebody of the call came back at the other node")
	}
}
