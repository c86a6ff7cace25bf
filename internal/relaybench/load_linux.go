package relaybench

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"time"

	"github.com/ringfence/ringfence/internal/benchhost"

	"golang.org/x/sys/unix"

	"github.com/ringfence/ringfence/internal/relaybench/rawudp"
)

const (
	channelHead = 4                      // bytes before the payload of ChannelData
	atOnce      = batchLen               // packets that are offered before anything is received
	quietTime   = 20 * time.Millisecond  // with nothing coming, all has come that will
	longerQuiet = 200 * time.Millisecond // the same, of a load that need not lose anything
	maxQuiet    = time.Second            // that is waited for that
	maxDebt     = 5 * time.Millisecond   // of paced packets that are sent late, after the thread had to stand still
)

// counts is what one part of a case sent, and what came.
type counts struct{ sent, atPeers, atClients uint64 }

// load is one case under way.
type load struct {
	g   *generator
	way Direction
	Shape
	rate int
	tag  uint32 // of the warm-up; what is measured has the next one

	part    uint32 // 0: warm-up, 1: measured
	counts  [2]counts
	latency benchhost.Histogram

	stride  int // from packet to packet in what is sent
	head    int // bytes before the payload of one
	packets []byte
	iovs    []unix.Iovec // one for each packet of a burst, or one for the whole
	hdrs    [batchLen]unix.Mmsghdr
	control []byte
	cursor  int // the allocation whose turn it is
	senders int
}

func newLoad(g *generator, way Direction, s Shape, rate int) *load {
	g.tag += 2
	l := &load{g: g, way: way, Shape: s, rate: rate, tag: g.tag, stride: s.Size, senders: len(g.clients)}
	channel := uint16(firstChannel)
	if way == Pair {
		channel = pairChannel
		l.senders &^= 1
	}
	if way != ToClient {
		l.head = channelHead
		l.stride += channelHead
	}
	l.packets = make([]byte, l.stride*s.Burst)
	for j := range s.Burst {
		if l.head > 0 {
			binary.BigEndian.PutUint16(l.packets[j*l.stride:], channel)
			binary.BigEndian.PutUint16(l.packets[j*l.stride+2:], uint16(s.Size&0xffff))
		}
	}
	if g.o.GSO && s.Burst > 1 {
		l.control = segmentControl(l.stride)
		l.iovs = make([]unix.Iovec, 1)
		l.iovs[0].Base = &l.packets[0]
		l.iovs[0].SetLen(len(l.packets))
	} else {
		l.iovs = make([]unix.Iovec, s.Burst)
		for j := range l.iovs {
			l.iovs[j].Base = &l.packets[j*l.stride]
			l.iovs[j].SetLen(l.stride)
		}
	}
	for k := range l.hdrs {
		h := &l.hdrs[k].Hdr
		h.Iov = &l.iovs[k%len(l.iovs)]
		h.SetIovlen(1)
		if l.control != nil {
			h.Control = &l.control[0]
			h.SetControllen(len(l.control))
		}
	}
	return l
}

// stamp marks the packets of a burst as sent now.
func (l *load) stamp(now time.Duration) {
	for j := range l.Burst {
		at := l.packets[j*l.stride+l.head:]
		binary.BigEndian.PutUint32(at, l.tag+l.part)
		binary.BigEndian.PutUint64(at[4:], uint64(max(now, 0)))
	}
}

// send offers the bursts of up to n allocations, and returns of how many.
func (l *load) send(n int) int {
	if l.rate > 0 {
		l.stamp(l.g.now())
	}
	if l.way == ToClient {
		return l.sendToClients(n)
	}
	fd := l.g.clients[l.cursor].fd
	l.cursor = (l.cursor + 1) % l.senders
	if l.Burst == 1 {
		if rawudp.SendOne(fd, l.packets) {
			l.counts[l.part].sent++
		}
		return 1
	}
	l.took(rawudp.Send(fd, l.hdrs[:len(l.iovs)]))
	return 1
}

// sendToClients sends from the peer whose turn it is to several of its
// allocations by one system call.
func (l *load) sendToClients(n int) int {
	per := len(l.iovs)
	n = max(1, min(n, batchLen/per))
	from := l.g.peerOf(l.cursor)
	k := 0
	for ; k < n && l.cursor < l.senders && l.g.peerOf(l.cursor) == from; k++ {
		c := &l.g.clients[l.cursor]
		for j := range per {
			h := &l.hdrs[k*per+j].Hdr
			h.Name, h.Namelen = &c.raw.b[0], c.raw.n
		}
		l.cursor++
	}
	l.cursor %= l.senders
	l.took(rawudp.Send(l.g.peers[from].fd, l.hdrs[:k*per]))
	return k
}

// took counts messages that the kernel took.
func (l *load) took(messages int) {
	if l.control != nil {
		messages *= l.Burst
	}
	l.counts[l.part].sent += uint64(max(messages, 0))
}

// take counts n packets that came to a socket, and at a peer of an echo sends
// them back.
func (l *load) take(from int, atPeer bool, n int) {
	now, back := l.g.now(), 0
	for i := range n {
		b := l.g.in.packet(i)
		if !atPeer {
			if len(b) < channelHead || b[0]&0xf0 != 0x40 {
				continue // an answer that came late
			}
			b = b[channelHead:]
		}
		if len(b) != l.Size {
			continue
		}
		part := binary.BigEndian.Uint32(b) - l.tag
		if part > 1 {
			continue // of another case, or a stranger's
		}
		if atPeer {
			l.counts[part].atPeers++
			if l.way == Echo {
				l.g.in.answer(i, back)
				back++
				continue
			}
		} else {
			l.counts[part].atClients++
		}
		if part == 1 && l.rate > 0 {
			l.latency.Add(now - time.Duration(binary.BigEndian.Uint64(b[4:])&math.MaxInt64))
		}
	}
	if back > 0 {
		rawudp.Send(l.g.peers[from].fd, l.g.in.out[:back])
	}
}

// offer sends and receives until the time end.
func (l *load) offer(ctx context.Context, end time.Duration) error {
	perSecond := float64(l.rate) / float64(l.Burst)
	if l.way == Echo {
		perSecond /= 2 // each is relayed twice
	}
	began, sent := l.g.now(), 0.0
	l.stamp(began) // all have this one where nobody asks how long they took
	for loops := 0; ; loops++ {
		if loops%256 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		now := l.g.now()
		if now >= end {
			return nil
		}
		if l.rate == 0 {
			for n := 0; n < max(1, atOnce/l.Burst); {
				n += l.send(atOnce/l.Burst - n)
			}
		} else {
			due := (now - began).Seconds() * perSecond
			if debt := due - sent; debt > max(1, perSecond*maxDebt.Seconds()) {
				sent = due - 1
			}
			for n := 0; n < atOnce && sent < due; n++ {
				sent += float64(l.send(1))
			}
		}
		if _, err := l.g.poll(l.take); err != nil {
			return err
		}
	}
}

// settle receives until nothing more comes.
func (l *load) settle() error {
	quiet := quietTime
	if l.rate > 0 {
		quiet = longerQuiet
	}
	last := l.g.now()
	for end := last + maxQuiet; l.came(1) < l.counts[1].sent; {
		some, err := l.g.poll(l.take)
		if err != nil {
			return err
		}
		now := l.g.now()
		if some {
			last = now
		}
		if now-last > quiet || now > end {
			return nil
		}
	}
	return nil
}

// came is how many packets of a part have come to where they should.
func (l *load) came(part int) uint64 {
	if l.way == ToPeer {
		return l.counts[part].atPeers
	}
	return l.counts[part].atClients
}

// relayed is how many packets the server has relayed, as far as they came.
func (l *load) relayed() uint64 {
	var n uint64
	for _, c := range l.counts {
		n += c.atPeers + c.atClients
	}
	return n
}

// measure runs the case.
func (l *load) measure(ctx context.Context) (Run, error) {
	r := Run{Allocations: len(l.g.clients), Direction: l.way, Shape: l.Shape, Rate: l.rate, GSO: l.control != nil}
	if err := l.offer(ctx, l.g.now()+l.g.o.Warm); err != nil {
		return r, err
	}
	l.part = 1
	work, own := benchhost.WorkTime(), ownTime()
	before, cpu, err := l.mark()
	if err != nil {
		return r, err
	}
	first := l.relayed()
	if err := l.offer(ctx, before+l.g.o.Measure); err != nil {
		return r, err
	}
	after, cpuAfter, err := l.mark()
	if err != nil {
		return r, err
	}
	work, own = benchhost.WorkTime()-work, ownTime()-own
	r.Relayed = l.relayed() - first
	if err := l.settle(); err != nil {
		return r, err
	}
	c := l.counts[1]
	r.Sent, r.Seconds = c.sent, (after - before).Seconds()
	r.PerSecond = float64(r.Relayed) / r.Seconds
	r.Busy = (cpuAfter - cpu).Seconds() / r.Seconds
	r.Others = max(0, (work-own-(cpuAfter-cpu)).Seconds()/r.Seconds)
	if r.Relayed > 0 {
		r.CPUMicros = (cpuAfter - cpu).Seconds() * 1e6 / float64(r.Relayed)
	}
	if c.sent > 0 {
		r.Loss = 1 - float64(l.came(1))/float64(c.sent)
	}
	if l.rate > 0 {
		µ := func(q float64) float64 { return float64(l.latency.Quantile(q)) / 1e3 }
		r.Latency = &Latency{P50: µ(0.5), P90: µ(0.9), P99: µ(0.99), Max: float64(l.latency.Most) / 1e3}
	}
	return r, nil
}

// ownTime is the processor time of this process.
func ownTime() time.Duration {
	t, err := benchhost.ProcessTime(os.Getpid())
	if err != nil {
		return 0
	}
	return t
}

// mark reads both clocks.
func (l *load) mark() (now, cpu time.Duration, err error) {
	cpu, err = benchhost.ProcessTime(l.g.o.PID)
	return l.g.now(), cpu, err
}
