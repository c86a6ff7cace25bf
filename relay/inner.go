package relay

import (
	"crypto/rand"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// nonceAge is how often pion is asked for a new nonce. Its own are valid for
// an hour.
const nonceAge = 20 * time.Minute

// inner is the door between [front] and pion: a key that both know and
// nobody else, and a nonce of pion's. A request that front lets through is
// signed anew with them, so that pion finds nothing to object to.
//
// pion hands out nonces in answer to a request alone, so inner is a listener
// of pion's as well, over which nothing but that one request goes.
type inner struct {
	key   []byte
	nonce atomic.Pointer[string]

	first sync.Once
	ready chan struct{} // closed when there is a nonce

	ask    chan []byte   // what pion reads next
	answer chan []byte   // what it wrote; of one
	end    chan struct{} // closed by Close
	once   sync.Once
	done   chan struct{} // closed when pion has been told of the end
	told   sync.Once
}

func newInner() *inner {
	i := &inner{
		key: make([]byte, 16), ask: make(chan []byte), answer: make(chan []byte, 1),
		ready: make(chan struct{}), end: make(chan struct{}), done: make(chan struct{}),
	}
	_, _ = rand.Read(i.key) // never fails
	return i
}

// keepNonce has a nonce of pion's at hand until [inner.Close].
func (f *front) keepNonce() {
	defer close(f.kept)
	tick := time.NewTicker(nonceAge)
	defer tick.Stop()
	for {
		f.inner.renew()
		select {
		case <-tick.C:
		case <-f.inner.end:
			return
		}
	}
}

// renew asks pion for a nonce. It reports whether there is one.
func (i *inner) renew() bool {
	var id [wire.IDLen]byte
	_, _ = rand.Read(id[:])
	select {
	case i.ask <- wire.New(nil, wire.Allocate, wire.Request, id):
	case <-i.end:
		return false
	}
	select {
	case b := <-i.answer:
		m, err := wire.Parse(b)
		if err != nil || m.ID() != id {
			return false
		}
		v, ok := m.Get(wire.Nonce)
		if ok {
			nonce := string(v)
			i.nonce.Store(&nonce)
			i.first.Do(func() { close(i.ready) })
		}
		return ok
	case <-i.end:
		return false
	}
}

// wait reports whether there is a nonce. It waits for the first one, which is
// there as soon as pion runs, and not beyond the end.
func (i *inner) wait() bool {
	select {
	case <-i.ready:
		return true
	default:
	}
	select {
	case <-i.ready:
		return true
	case <-i.end:
		return false
	}
}

// ReadFrom gives pion what renew asks.
func (i *inner) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case msg := <-i.ask:
		return copy(b, msg), i.LocalAddr(), nil
	case <-i.end:
		i.told.Do(func() { close(i.done) })
		return 0, nil, net.ErrClosed
	}
}

// WriteTo takes pion's answer. A second one before the first is read has
// nobody who asked.
func (i *inner) WriteTo(b []byte, _ net.Addr) (int, error) {
	select {
	case i.answer <- append([]byte(nil), b...):
	default:
	}
	return len(b), nil
}

// Close ends pion's reader. It may be called more than once.
func (i *inner) Close() error {
	i.once.Do(func() { close(i.end) })
	return nil
}

// LocalAddr is one that no listener has.
func (i *inner) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(0, 0, 0, 0)} }

// SetDeadline does nothing: Close ends what waits.
func (i *inner) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (i *inner) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (i *inner) SetWriteDeadline(time.Time) error { return nil }
