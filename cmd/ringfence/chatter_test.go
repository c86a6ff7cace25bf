package main

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringfence/ringfence/signal/client"
	"github.com/ringfence/ringfence/signal/wire"
)

// chatter is people who use the hub while a program ends again and again: two
// in a call tell each other numbered candidates, and a third one rings a fourth.
type chatter struct {
	t       *testing.T
	base    string
	callee  person // who is rung
	caller  *client.Session
	rungs   *client.Session
	out, in *client.Call
	runs    [2]chan struct{} // gets something each time one of the two is told that the call runs
	changes atomic.Int64     // of the sender's connection
	inCall  atomic.Bool      // the sender was told, over this connection, that the call runs
	all     sync.WaitGroup
	stop    context.CancelFunc
	rung    int      // rings that were acknowledged
	links   [3]*link // of the receiver, of who rings and of who is rung

	mu    sync.Mutex // guards following
	acked []int
	heard map[int]bool
	last  int
}

// link is whether a session has its connection now.
type link struct {
	on   atomic.Bool
	news chan struct{} // room for one
}

func newLink() *link { return &link{news: make(chan struct{}, 1)} }

func (l *link) set(on bool) {
	l.on.Store(on)
	select {
	case l.news <- struct{}{}:
	default: // who waits looks anyway
	}
}

// await returns once it is as wanted.
func (l *link) await(t *testing.T, want bool) {
	t.Helper()
	end := time.After(30 * time.Second)
	for l.on.Load() != want {
		select {
		case <-l.news:
		case <-end:
			t.Fatalf("a session is connected: %v, and stays so", !want)
		}
	}
}

// chat begins.
func chat(t *testing.T, p *program, owner person) *chatter {
	t.Helper()
	a := api{"http://" + p.plain, testClient(), ""}
	sign := func(name string) person {
		token, err := a.newInvite(t.Context(), owner.Token)
		if err != nil {
			t.Fatal(err)
		}
		who, err := a.signUp(t.Context(), token, name)
		if err != nil {
			t.Fatal(err)
		}
		return who
	}
	anna, ben := sign("anna"), sign("ben") // friends of the owner, each
	c := &chatter{
		t: t, base: a.base, callee: ben, heard: map[int]bool{}, last: -1,
		links: [3]*link{newLink(), newLink(), newLink()},
		runs:  [2]chan struct{}{make(chan struct{}, 16), make(chan struct{}, 16)},
	}
	incoming := make(chan *client.Call, 1)
	receiver := dial(t.Context(), t, client.Options{
		URL: a.base, Token: anna.Token, OnIncoming: func(x *client.Call) { incoming <- x },
		OnState: c.links[0].set,
	})
	sender := dial(t.Context(), t, client.Options{URL: a.base, Token: owner.Token, OnState: func(on bool) {
		c.changes.Add(1)
		if !on {
			c.inCall.Store(false)
		}
	}})
	c.caller = dial(t.Context(), t, client.Options{URL: a.base, Token: owner.Token, OnState: c.links[1].set})
	c.rungs = dial(t.Context(), t, client.Options{
		URL: a.base, Token: ben.Token, OnState: c.links[2].set, OnIncoming: func(*client.Call) {},
	})
	var err error
	if c.out, err = sender.Ring(t.Context(), anna.ID, wire.MediaAudio, ""); err != nil {
		t.Fatalf("ring: %v", err)
	}
	c.in = <-incoming
	if err := c.in.Answer(t.Context(), wire.MediaAudio, ""); err != nil {
		t.Fatalf("answer: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	c.stop = func() {
		stop()
		c.all.Wait()
		for _, s := range []*client.Session{sender, receiver, c.caller, c.rungs} {
			_ = s.Close()
		}
	}
	c.all.Go(func() { c.tell(ctx) })
	c.all.Go(func() { c.listen(ctx, c.in, 1) })
	c.all.Go(func() { c.listen(ctx, c.out, 0) })
	c.await()
	return c
}

// tell sends candidates, a few at a time, and asks for servers after them: the
// hub takes frames in their order, so that its answer acknowledges them all,
// where the call ran and the connection is still the same.
func (c *chatter) tell(ctx context.Context) {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; {
		before, first, told := c.changes.Load(), n, c.inCall.Load()
		for range 4 {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			_ = c.out.Send(ctx, wire.KindCandidate, wire.Candidates{Candidates: []wire.Candidate{{Candidate: strconv.Itoa(n)}}})
			n++
		}
		if _, err := c.out.Refresh(ctx); err != nil || !told || c.changes.Load() != before {
			continue // nobody said yes to them
		}
		c.mu.Lock()
		for i := first; i < n; i++ {
			c.acked = append(c.acked, i)
		}
		c.mu.Unlock()
	}
}

func (c *chatter) listen(ctx context.Context, call *client.Call, side int) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-call.Done():
			e, _ := call.Ended()
			c.t.Errorf("the call ended: %+v", e)
			return
		case e := <-call.Events():
			switch b := e.Body.(type) {
			case wire.Answered:
				c.inCall.CompareAndSwap(false, side == 0)
				c.runs[side] <- struct{}{}
			case wire.Candidates:
				c.hear(b)
			}
		}
	}
}

func (c *chatter) hear(b wire.Candidates) {
	n, err := strconv.Atoi(b.Candidates[0].Candidate)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || n <= c.last {
		c.t.Errorf("%v after %d", b.Candidates, c.last)
	}
	c.heard[n], c.last = true, n
}

// await returns once both are told that the call runs, and the third can ring
// the fourth.
func (c *chatter) await() {
	c.t.Helper()
	for side := range c.runs {
		select {
		case <-c.runs[side]:
		case <-time.After(30 * time.Second):
			c.t.Fatal("the call does not come back")
		}
	}
	c.links[1].await(c.t, true)
	c.links[2].await(c.t, true)
}

// through rings while end ends the program: what was acknowledged rings until
// then, and the caller hears that it is over.
func (c *chatter) through(end func() error) error {
	ctx, over := context.WithCancel(c.t.Context())
	calls := make(chan *client.Call, 4)
	ring := func() error {
		call, err := c.caller.Ring(ctx, c.callee.ID, wire.MediaAudio, "")
		if err == nil {
			calls <- call
		}
		return err
	}
	if err := ring(); err != nil {
		c.t.Errorf("nobody can be rung: %v", err)
	}
	var late sync.WaitGroup
	late.Go(func() { // in the very moment, and the last one mostly too late
		for range 3 {
			if ring() != nil {
				return
			}
		}
	})
	err := end()
	over()
	late.Wait()
	close(calls)
	for call := range calls {
		c.rung++
		select {
		case <-call.Done():
			if e, _ := call.Ended(); e.Reason != wire.ReasonStopped {
				c.t.Errorf("a ring ended %+v", e)
			}
		case <-time.After(30 * time.Second):
			c.t.Error("a ring is not over though its hub is")
		}
	}
	return err
}

// verify looks, once the program is there again, for what it acknowledged.
func (c *chatter) verify() {
	c.t.Helper()
	var got struct {
		Notices []struct{} `json:"notices"`
	}
	if err := (api{c.base, testClient(), ""}).call(c.t.Context(), c.callee.Token, http.MethodGet, "/notices", nil, &got); err != nil {
		c.t.Fatal(err)
	}
	if len(got.Notices) < c.rung {
		c.t.Errorf("%d notices of %d rings", len(got.Notices), c.rung)
	}
	c.await()
}

// end looks, once the program has ended for good, whether everything that was
// acknowledged came to the other side.
func (c *chatter) end() {
	c.t.Helper()
	c.links[0].await(c.t, false)
	c.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.acked {
		if !c.heard[n] {
			c.t.Errorf("candidate %d was acknowledged, and is lost", n)
		}
	}
	if len(c.acked) == 0 {
		c.t.Error("nothing was acknowledged")
	}
	c.t.Logf("%d candidates acknowledged, %d heard; %d rings", len(c.acked), len(c.heard), c.rung)
}
