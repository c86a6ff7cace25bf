package relay

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// The two sizes of what an inbox copies into: that of a packet as networks
// carry it, and of the longest that there can be.
const (
	shortPacket = 2 << 10
	longPacket  = 64 << 10
)

// inbox is where packets wait for a reader: the reading half of a udpConn
// whose socket is somebody else's, or nobody's. It has a bound, and takes no
// memory while it is empty but its own few bytes.
type inbox struct {
	limit int

	mu       sync.Mutex // guards following
	first    *parcel
	last     *parcel
	n        int
	closed   bool
	deadline time.Time
	timer    *time.Timer
	waiting  bool          // somebody does, for wake
	wake     chan struct{} // of one; nil until somebody waited
}

// parcel is a packet that waits.
type parcel struct {
	next *parcel
	from netip.AddrPort
	buf  []byte
	n    int
}

// parcels are the pools of both sizes.
var parcels = struct{ short, long sync.Pool }{ //nolint:gochecknoglobals // pools
	short: sync.Pool{New: func() any { return &parcel{buf: make([]byte, shortPacket)} }},
	long:  sync.Pool{New: func() any { return &parcel{buf: make([]byte, longPacket)} }},
}

// wrap copies a packet.
func wrap(from netip.AddrPort, b []byte) *parcel {
	pool := &parcels.short
	if len(b) > shortPacket {
		pool = &parcels.long
	}
	p, _ := pool.Get().(*parcel)
	p.from, p.n = from, copy(p.buf, b)
	return p
}

// release clears a packet, and gives its memory to the next.
func (p *parcel) release() {
	clear(p.buf[:p.n])
	p.next, p.from, p.n = nil, netip.AddrPort{}, 0
	switch len(p.buf) {
	case shortPacket:
		parcels.short.Put(p)
	case longPacket:
		parcels.long.Put(p)
	}
}

// newInbox makes one for so many packets.
func newInbox(limit int) *inbox { return &inbox{limit: limit} }

// push copies a packet in. It never waits, and reports false where i is full or
// closed.
func (i *inbox) push(from netip.AddrPort, b []byte) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed || i.n >= i.limit || len(b) > longPacket {
		return false
	}
	p := wrap(from, b)
	if i.last == nil {
		i.first = p
	} else {
		i.last.next = p
	}
	i.last = p
	i.n++
	i.signal()
	return true
}

// empty reports whether nothing waits.
func (i *inbox) empty() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.n == 0
}

// signal wakes the one who waits. mu is held.
func (i *inbox) signal() {
	if i.waiting {
		i.waiting = false
		i.wake <- struct{}{}
	}
}

// pop copies the next packet out, cut where b is too short as the kernel does
// it. It waits for one until the deadline or the end. One goroutine calls it.
func (i *inbox) pop(b []byte) (int, netip.AddrPort, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for {
		switch p := i.first; {
		case i.closed:
			return 0, netip.AddrPort{}, net.ErrClosed
		case p != nil:
			if i.first = p.next; i.first == nil {
				i.last = nil
			}
			i.n--
			n, from := copy(b, p.buf[:p.n]), p.from
			p.release()
			return n, from, nil
		case !i.deadline.IsZero() && !time.Now().Before(i.deadline):
			return 0, netip.AddrPort{}, os.ErrDeadlineExceeded
		}
		if i.wake == nil {
			i.wake = make(chan struct{}, 1)
		}
		i.waiting = true
		i.mu.Unlock()
		<-i.wake
		i.mu.Lock()
	}
}

// setReadDeadline ends a pop that waits at t. The zero value is never.
func (i *inbox) setReadDeadline(t time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.deadline = t
	if i.timer != nil {
		i.timer.Stop()
		i.timer = nil
	}
	if t.IsZero() || i.closed {
		return
	}
	i.timer = time.AfterFunc(time.Until(t), func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.signal()
	})
}

// close ends the reader, and clears what nobody will read. It may be called
// more than once.
func (i *inbox) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	if i.timer != nil {
		i.timer.Stop()
		i.timer = nil
	}
	for p := i.first; p != nil; {
		next := p.next
		p.release()
		p = next
	}
	i.first, i.last, i.n = nil, nil, 0
	i.signal()
}
