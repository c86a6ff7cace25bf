package main

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/signal/client"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store/bolt"
)

// Rounds of TestNothingAcknowledgedIsLostByStop.
const stopRounds = 5

// A program that is told to end under load has done all that it said yes to,
// and what it had begun with is either done or not answered: what the store
// keeps, rings, and frames that pass between two in a call, which goes on from
// one run of the program to the next.
func TestNothingAcknowledgedIsLostByStop(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start()
	l := &ledger{names: map[string]string{}, invites: map[string]bool{}, asks: map[string]string{}, enough: make(chan struct{})}
	owner, err := (api{"http://" + p.plain, testClient(), ""}).signUp(t.Context(), p.invite(), "owner")
	if err != nil {
		t.Fatal(err)
	}
	l.ack(func() { l.people = append(l.people, owner) })
	p.sameAgain()
	c := chat(t, p, owner)
	for round := range stopRounds {
		known := len(l.people)
		if err := loadUntil(t.Context(), p, l, 12, func() error { return c.through(p.stop) }); err != nil {
			t.Fatalf("round %d: %v\n%s", round, err, p.stderr.String())
		}
		p.start()
		l.verify(t, p, l.people[max(0, known-10):])
		c.verify()
	}
	l.verify(t, p, l.people)
	if err := p.stop(); err != nil {
		t.Errorf("the last stop: %v", err)
	}
	c.end()
	if err := bolt.Check(t.Context(), filepath.Join(p.dir, "data", dataName)); err != nil {
		t.Errorf("the data file: %v", err)
	}
}

// A program that is told to end while people talk over its relay: it is not
// ready, its sessions are told to come back and no other one begins; they talk
// on until their media end, and then the rest ends in order.
func TestStopWaitsForRelayedCalls(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "--turn-drain-time", "600")
	p.start()
	base, anna, ben := twoFriends(t, p)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	told := make(chan bool, 16)
	c := converse(ctx, t, client.Options{URL: base, Token: anna.Token, OnState: func(on bool) { told <- on }},
		client.Options{URL: base, Token: ben.Token}, ben.ID, client.PeerOptions{RelayOnly: true})
	defer c.close()
	c.say("hello")
	if code := greet(ctx, t, base, anna.Token); code != -1 {
		t.Errorf("before: a session is closed with %d", code)
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	awaitState(t, told, false)
	p.awaitBody("/readyz", http.StatusServiceUnavailable, "draining")
	c.say("still here")
	if _, err := client.Dial(shortly(t), client.Options{URL: base, Token: anna.Token}); err == nil {
		t.Error("a new session begins while the relay drains")
	}
	c.say("and here")
	c.leave()
	c.awaitEnds()
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("ended with %v", err)
		}
		p.cmd = nil
	case <-time.After(30 * time.Second):
		t.Fatal("goes on without a call")
	}
	log := p.stderr.String()
	if !inThisOrder(log, "part=readiness\n", "part=hub\n", "part=http\n", "no relayed call is left", "part=drain\n", "part=relay\n", "msg=stopped\n") {
		t.Errorf("stopped in another order:\n%s", log)
	}
	if err := bolt.Check(t.Context(), filepath.Join(p.dir, "data", dataName)); err != nil {
		t.Errorf("the data file: %v", err)
	}
}

// shortly is a context that ends within moments.
func shortly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(cancel)
	return ctx
}

// twoFriends signs up two people who are friends, and returns where.
func twoFriends(t *testing.T, p *program) (base string, anna, ben person) {
	t.Helper()
	a := api{"http://" + p.plain, testClient(), ""}
	anna, err := a.signUp(t.Context(), p.invite(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.newInvite(t.Context(), anna.Token)
	if err != nil {
		t.Fatal(err)
	}
	if ben, err = a.signUp(t.Context(), token, "ben"); err != nil {
		t.Fatal(err)
	}
	return a.base, anna, ben
}

// greet asks for a new session and returns what it is closed with, or -1 where
// it is welcome.
func greet(ctx context.Context, t *testing.T, base, token string) websocket.StatusCode {
	t.Helper()
	conn, resp, err := websocket.Dial(ctx, strings.Replace(base, "http", "ws", 1)+"/api/v1/signal", &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, HTTPHeader: http.Header{"Authorization": {"Bearer " + token}},
	})
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	defer func() { _ = conn.CloseNow() }()
	hello := wire.AppendFrame(nil, &wire.Head{Kind: wire.KindHello, Body: wire.EncodeBody(wire.Hello{Min: 1, Max: 1})})
	if err := conn.Write(ctx, websocket.MessageText, hello); err != nil {
		t.Fatalf("hello: %v", err)
	}
	_, _, err = conn.Read(ctx)
	return websocket.CloseStatus(err)
}
