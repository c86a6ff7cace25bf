package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/client"
	"github.com/ringfence/ringfence/signal/wire"
)

// TestCallMovesAndIsHeard moves the caller's end of a call to another client of
// hers, whose words then reach the other side through the relay.
func TestCallMovesAndIsHeard(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start()
	a := api{"http://" + p.plain, testClient(), ""}
	anna, err := a.signUp(t.Context(), p.invite(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.newInvite(t.Context(), anna.Token)
	if err != nil {
		t.Fatal(err)
	}
	ben, err := a.signUp(t.Context(), token, "ben")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	relayed := client.PeerOptions{RelayOnly: true}
	c := converse(ctx, t, client.Options{URL: a.base, Token: anna.Token}, client.Options{URL: a.base, Token: ben.Token}, ben.ID, relayed)
	defer c.close()
	c.say("from the first")

	type seen struct {
		call id.Call
		e    wire.Elsewhere
	}
	sees := make(chan seen, 4)
	second := dial(ctx, t, client.Options{URL: a.base, Token: anna.Token, OnElsewhere: func(call id.Call, e wire.Elsewhere) { sees <- seen{call, e} }})
	defer func() { _ = second.Close() }()
	s := <-sees
	if s.call != c.out.ID || !s.e.Caller || s.e.Peer.Account != ben.ID {
		t.Fatalf("told of %+v", s)
	}
	taken, err := second.Take(ctx, s.call, s.e)
	if err != nil {
		t.Fatal(err)
	}
	if <-c.out.Done(); true {
		if e, _ := c.out.Ended(); e.Reason != wire.ReasonMoved {
			t.Errorf("the first was told %s, want moved", e.Reason)
		}
	}
	if ends := []error{<-c.ends, <-c.ends}; !errors.Is(errors.Join(ends...), client.ErrMoved) {
		t.Errorf("the peers ended with %v, want that one moved", ends)
	}
	if _, err := c.in.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	again := *c // what the first one still waits to say is said to nobody
	again.speak = make(chan string, 1)
	for call, setup := range map[*client.Call]client.PeerOptions{
		taken: {RelayOnly: true, Setup: again.speaks}, c.in: {RelayOnly: true, Setup: c.hears},
	} {
		peer, err := client.NewPeer(call, setup)
		if err != nil {
			t.Fatal(err)
		}
		go func() { c.ends <- peer.Serve(ctx, nil) }()
	}
	again.say("from the second")
	c.out = taken
	c.hangUp(ctx)
	if err := p.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}
