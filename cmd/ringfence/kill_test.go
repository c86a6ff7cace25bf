package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/ringfence/ringfence/internal/testenv"
	"github.com/ringfence/ringfence/store/bolt"
)

// Rounds of TestNothingAcknowledgedIsLostByKill, and how many people press
// buttons at once.
const (
	killRounds     = 20
	killRoundsLong = 200
	killWorkers    = 3
)

// ledger is what the program has acknowledged, kept outside of it.
type ledger struct {
	mu      sync.Mutex
	people  []person
	names   map[string]string // display name by handle; absent while a change is under way
	invites map[string]bool   // open ones by token
	asks    map[string]string // who asked, by handle; whom
	acks    int
	enough  chan struct{} // closed when acks reach goal
	goal    int
}

func (l *ledger) ack(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
	if l.acks++; l.acks == l.goal {
		close(l.enough)
	}
}

func (l *ledger) forget(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
}

// aim sets after how many more acknowledgements enough is closed.
func (l *ledger) aim(n int) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.goal, l.enough = l.acks+n, make(chan struct{})
	return l.enough
}

func (l *ledger) somebody() person {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.people[rand.IntN(len(l.people))]
}

// TestNothingAcknowledgedIsLostByKill kills the program under load, again and
// again, and looks for everything that it had said yes to.
func TestNothingAcknowledgedIsLostByKill(t *testing.T) {
	t.Parallel()
	rounds := killRounds
	if testenv.Long() {
		rounds = killRoundsLong
	}
	p := newProgram(t)
	p.path = buildProgram(t)
	p.start()
	l := &ledger{names: map[string]string{}, invites: map[string]bool{}, asks: map[string]string{}, enough: make(chan struct{})}
	owner, err := (api{"http://" + p.plain, testClient(), ""}).signUp(t.Context(), p.invite(), "owner")
	if err != nil {
		t.Fatal(err)
	}
	l.ack(func() { l.people = append(l.people, owner) })
	for round := range rounds {
		known := len(l.people)
		if err := load(t.Context(), p, l, 4+rand.IntN(20)); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		p.start()
		recent := max(0, known-10)
		l.verify(t, p, l.people[recent:])
	}
	l.verify(t, p, l.people)
	if err := p.stop(); err != nil {
		t.Errorf("the last stop: %v", err)
	}
	if err := bolt.Check(t.Context(), filepath.Join(p.dir, "data", dataName)); err != nil {
		t.Errorf("the data file after %d kills: %v", rounds, err)
	}
	t.Logf("%d kills, %d acknowledgements, %d accounts", rounds, l.acks, len(l.people))
}

// load lets workers press buttons until n more things are acknowledged, and
// kills the program at that moment.
func load(ctx context.Context, p *program, l *ledger, n int) error {
	return loadUntil(ctx, p, l, n, func() error {
		p.kill()
		return nil
	})
}

// loadUntil does so and ends the program by end. Until it has ended, whatever
// is answered is answered well.
func loadUntil(ctx context.Context, p *program, l *ledger, n int, end func() error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	enough := l.aim(n)
	var wg sync.WaitGroup
	failed := make(chan error, killWorkers)
	for w := range killWorkers {
		wg.Go(func() {
			a := api{"http://" + p.plain, testClient(), fmt.Sprintf("198.51.100.%d", 1+rand.IntN(250))}
			for ctx.Err() == nil {
				if err := act(ctx, a, l, w); errors.Is(err, errStatus) {
					failed <- err
					return
				} else if err != nil {
					return // the program is gone
				}
			}
		})
	}
	var err error
	select {
	case <-enough:
	case err = <-failed:
	}
	err = errors.Join(err, end())
	stop()
	wg.Wait()
	close(failed)
	for late := range failed {
		err = errors.Join(err, late)
	}
	return err
}

// act does one thing and writes down that it was acknowledged.
func act(ctx context.Context, a api, l *ledger, worker int) error {
	me := l.somebody()
	switch rand.IntN(4) {
	case 0: // somebody new comes in
		token, err := a.newInvite(ctx, me.Token)
		if err != nil {
			return ignoreLimit(err) // the kills may have left this one with many that nobody used
		}
		who, err := a.signUp(ctx, token, fmt.Sprintf("w%d", worker))
		if err != nil {
			return err
		}
		l.ack(func() { l.people = append(l.people, who) })
	case 1: // an invite that waits
		l.mu.Lock()
		full := len(l.invites) > 5*len(l.people)
		l.mu.Unlock()
		if full {
			return nil
		}
		token, err := a.newInvite(ctx, me.Token)
		if err != nil {
			return ignoreLimit(err)
		}
		l.ack(func() { l.invites[token] = true })
	case 2: // another name
		if worker != 0 { // two changes at once have no order that one could know
			return nil
		}
		name := fmt.Sprintf("n%d", rand.IntN(1e6))
		l.forget(func() { delete(l.names, me.Handle) })
		if err := a.call(ctx, me.Token, http.MethodPatch, "/me", map[string]string{"display_name": name}, nil); err != nil {
			return err
		}
		l.ack(func() { l.names[me.Handle] = name })
	case 3: // a request to somebody who may not exist
		handle := fmt.Sprintf("nobody.%04d", rand.IntN(1e4))
		if err := a.call(ctx, me.Token, http.MethodPost, "/friends/requests", map[string]string{"handle": handle}, nil); err != nil {
			return ignoreLimit(err)
		}
		l.ack(func() { l.asks[me.Handle] = handle })
	}
	return nil
}

// ignoreLimit forgives that somebody has as many things open as one may.
func ignoreLimit(err error) error {
	if errors.Is(err, errStatus) {
		return nil
	}
	return err
}

// verify asks the program for everything that it acknowledged to some people.
func (l *ledger) verify(t *testing.T, p *program, people []person) {
	t.Helper()
	a := api{"http://" + p.plain, testClient(), ""}
	for i, who := range people {
		a.from = fmt.Sprintf("203.0.113.%d", i%250+1)
		var me struct {
			Handle      string `json:"handle"`
			DisplayName string `json:"display_name"`
		}
		if err := a.call(t.Context(), who.Token, http.MethodGet, "/me", nil, &me); err != nil {
			t.Fatalf("%s is lost: %v", who.Handle, err)
		}
		if want, ok := l.names[who.Handle]; me.Handle != who.Handle || (ok && want != me.DisplayName) {
			t.Fatalf("%s is %q, want %q", me.Handle, me.DisplayName, want)
		}
		want, ok := l.asks[who.Handle]
		if !ok {
			continue
		}
		var friends struct {
			Outgoing []struct {
				Handle string `json:"handle"`
			} `json:"outgoing"`
		}
		if err := a.call(t.Context(), who.Token, http.MethodGet, "/friends", nil, &friends); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range friends.Outgoing {
			got = append(got, o.Handle)
		}
		if !slices.Contains(got, want) {
			t.Fatalf("the request of %s to %s is lost", who.Handle, want)
		}
	}
	tokens := slices.Collect(maps.Keys(l.invites))
	for i, token := range tokens[:min(len(tokens), 50)] { // maps are in random order
		a.from = fmt.Sprintf("192.0.2.%d", i%250+1)
		if err := a.call(t.Context(), "", http.MethodPost, "/invites/inspect", map[string]string{"token": token}, nil); err != nil {
			t.Fatalf("an invite is lost: %v", err)
		}
	}
}
