package relaybench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringfence/ringfence/internal/relaybench/bare"
)

const (
	firstWait = 500 * time.Millisecond // for an answer; each further is twice as long
	maxTries  = 6                      // of one request, in half a minute
	maxPorts  = 8                      // that a client tries, where the server knows one from before
	scanEvery = 5 * time.Millisecond
)

var errSilent = errors.New("the server does not answer: is it running, does it speak TURN over UDP, and may packets come back through every firewall")

// plan is a row of requests that each client makes.
type plan struct {
	from, to step
	channel  uint16
	peer     func(i int) netip.AddrPort
	lenient  bool // errors do not matter
}

// round is a plan under way: some clients at a time.
type round struct {
	g      *generator
	p      plan
	busy   map[int]bool
	next   int // client that has not begun
	done   int
	failed error
}

// control has every client make the requests of p.
func (g *generator) control(ctx context.Context, p plan) error {
	r := &round{g: g, p: p, busy: map[int]bool{}}
	scanned := g.now()
	for loops := 0; r.done < len(g.clients) && r.failed == nil; loops++ {
		if loops%256 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for r.next < len(g.clients) && len(r.busy) < g.o.InFlight && r.failed == nil {
			r.begin()
		}
		_, err := g.poll(r.take)
		r.fail(err)
		if now := g.now(); now-scanned > scanEvery {
			scanned = now
			for i := range r.busy {
				r.fail(g.again(i, now))
			}
			g.o.progress("set-up", r.done, len(g.clients))
		}
	}
	return r.failed
}

func (r *round) fail(err error) {
	if err != nil && r.failed == nil {
		r.failed = err
	}
}

// begin has the next client make its first request.
func (r *round) begin() {
	c := &r.g.clients[r.next]
	c.at, c.stale = r.p.from, 0
	r.busy[r.next] = true
	r.fail(r.g.ask(r.next, r.p))
	r.next++
}

// take goes through what came to client i.
func (r *round) take(i int, atPeer bool, n int) {
	for k := range n {
		if atPeer || !r.busy[i] {
			return
		}
		a, ok := readAnswer(r.g.in.packet(k), r.g.clients[i].wire)
		if !ok {
			continue
		}
		over, err := r.g.heard(i, a, r.p)
		r.fail(err)
		switch {
		case err != nil:
			return
		case over:
			delete(r.busy, i)
			r.done++
		default:
			r.fail(r.g.ask(i, r.p))
		}
	}
}

// ask sends the request that client i is at.
func (g *generator) ask(i int, p plan) error {
	c := &g.clients[i]
	wire, err := c.request(c.at, p.channel, p.peer(i))
	if err != nil {
		return err
	}
	c.wire, c.tries, c.due = wire, 1, g.now()+firstWait
	_, _ = unix.Write(c.fd, wire) // what is lost is sent again
	return nil
}

// again repeats a request that has had no answer in time.
func (g *generator) again(i int, now time.Duration) error {
	c := &g.clients[i]
	if now < c.due {
		return nil
	}
	if c.tries >= maxTries {
		return fmt.Errorf("%v of allocation %d to %v: %w", c.at, i+1, g.o.Server, errSilent)
	}
	c.due = now + firstWait<<c.tries
	c.tries++
	g.retries++
	_, _ = unix.Write(c.fd, c.wire)
	return nil
}

// heard takes an answer; over tells that the client has made its last request.
func (g *generator) heard(i int, a answer, p plan) (over bool, err error) {
	c := &g.clients[i]
	switch {
	case a.code == 401 && c.at == challenge:
		c.at = allocate
		return false, c.challenged(a.message)
	case a.code == 438: // the nonce is too old
		if c.stale++; c.stale > maxTries {
			return true, explain(c.at, a.code, i)
		}
		return false, c.challenged(a.message)
	case a.code == 437 && c.at <= allocate && c.ports < maxPorts: // somebody had this port
		c.ports++
		if err := g.reopen(i); err != nil {
			return true, err
		}
		c.at = challenge
		return false, nil
	case a.code != 0 && !p.lenient:
		return true, explain(c.at, a.code, i)
	case a.code == 0 && c.at <= allocate:
		if c.relayed, err = relayedAddress(a.message); err != nil {
			return true, err
		}
		c.raw = rawAddrOf(c.relayed)
		c.at = allocate
	}
	if c.at >= p.to {
		return true, nil
	}
	c.at++
	return false, nil
}

// reopen gives client i another port.
func (g *generator) reopen(i int) error {
	old := g.clients[i].fd
	defer closeSocket(old)
	return g.openClient(i)
}

// toPeers is the plan that gives each allocation a channel to its peer, from
// the first request or only to keep it.
func (g *generator) toPeers(from step) plan {
	return plan{from: from, to: bind, channel: firstChannel, peer: func(i int) netip.AddrPort { return g.peers[g.peerOf(i)].at }}
}

// toPairs binds every two allocations to each other, by a second channel.
func (g *generator) toPairs() plan {
	return plan{from: permission, to: bind, channel: pairChannel, peer: func(i int) netip.AddrPort {
		return g.clients[min(i^1, len(g.clients)-1)].relayed
	}}
}

// permissionLife is after which time permissions are asked for again; they
// live for five minutes.
const permissionLife = 2 * time.Minute

// permit keeps permissions and channels alive, and makes pairs where they are
// wanted.
func (g *generator) permit(ctx context.Context, pairs bool) error {
	if g.now()-g.permitted > permissionLife {
		if err := g.control(ctx, g.toPeers(permission)); err != nil {
			return err
		}
		g.permitted, g.paired = g.now(), false
	}
	if pairs && !g.paired {
		if err := g.control(ctx, g.toPairs()); err != nil {
			return err
		}
		g.paired = true
	}
	return nil
}

// releaseTime is how long the end of all allocations is waited for.
const releaseTime = 10 * time.Second

// release ends all allocations, as well as it can: they would end by
// themselves.
func (g *generator) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_ = g.control(ctx, plan{from: release, to: release, lenient: true, peer: func(int) netip.AddrPort { return g.o.Server }})
}

// hello tells the bare forwarder where each client's packets go.
func (g *generator) hello(ctx context.Context) error {
	greeted, left := make([]bool, len(g.clients)), len(g.clients)
	for tries := 0; left > 0; tries++ {
		if tries == maxTries {
			return fmt.Errorf("%v: %w", g.o.Server, errSilent)
		}
		for i, c := range g.clients {
			if p := g.peers[g.peerOf(i)].at; !greeted[i] {
				ip := p.Addr().As4()
				_, _ = unix.Write(c.fd, binary.BigEndian.AppendUint16(append([]byte(bare.Hello), ip[:]...), p.Port()))
			}
		}
		for end := g.now() + firstWait; left > 0 && g.now() < end; {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if _, err := g.poll(func(i int, atPeer bool, _ int) {
				if !atPeer && !greeted[i] {
					greeted[i] = true
					left--
				}
			}); err != nil && tries == maxTries-1 {
				return err
			}
		}
	}
	return nil
}
