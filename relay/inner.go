package relay

import (
	"crypto/rand"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

const (
	// nonceAge is how often pion is asked for a new nonce. Its own are valid
	// for an hour.
	nonceAge = 20 * time.Minute

	// nonceOld is how old by the clock on the wall, by which they end, one may
	// get. A machine that slept finds them older than its tickers say.
	nonceOld = 40 * time.Minute

	// nonceRetry is how soon it is asked again where it gave none.
	nonceRetry = time.Second
)

// inner is the door between [front] and pion: a key that both know and
// nobody else, and a nonce of pion's. A request that front lets through is
// signed anew with them, so that pion finds nothing to object to.
//
// pion hands out nonces in answer to a request alone, so inner is a listener
// of pion's as well, over which nothing but that one request goes.
type inner struct {
	key   []byte
	nonce atomic.Pointer[pionNonce] // never nil
	again chan struct{}             // there is none; of one

	ask    chan []byte   // what pion reads next
	answer chan []byte   // what it wrote; of one
	end    chan struct{} // closed by Close
	once   sync.Once
	done   chan struct{} // closed when pion has been told of the end
	told   sync.Once
}

// pionNonce is a nonce, or where to wait for one.
type pionNonce struct {
	text string
	made time.Time     // on the wall
	next chan struct{} // closed when there is another; nil where there is a text
}

func newInner() *inner {
	i := &inner{
		key: make([]byte, 16), ask: make(chan []byte), answer: make(chan []byte, 1), again: make(chan struct{}, 1),
		end: make(chan struct{}), done: make(chan struct{}),
	}
	i.nonce.Store(&pionNonce{next: make(chan struct{})})
	_, _ = rand.Read(i.key) // never fails
	return i
}

// current returns the nonce. Where there is none it waits, as one of the
// readers that are not inner's: a stream's client would not ask twice. At the
// end it returns one that pion does not take.
func (i *inner) current() *pionNonce {
	for {
		n := i.nonce.Load()
		if n.next == nil {
			if time.Now().Round(0).Sub(n.made) < nonceOld {
				return n
			}
			i.stale(n)
			continue
		}
		select {
		case <-n.next:
		case <-i.end:
			return n
		}
	}
}

// got makes a nonce the current one.
func (i *inner) got(text string, made time.Time) {
	if old := i.nonce.Swap(&pionNonce{text: text, made: made.Round(0)}); old.next != nil {
		close(old.next)
	}
}

// stale has another nonce made in place of n, unless that is done.
func (i *inner) stale(n *pionNonce) {
	if n.next == nil && i.nonce.CompareAndSwap(n, &pionNonce{next: make(chan struct{})}) {
		select {
		case i.again <- struct{}{}:
		default: // it is about to be asked anyway
		}
	}
}

// keepNonce has a nonce of pion's at hand until [inner.Close].
func (f *front) keepNonce() {
	defer close(f.kept)
	alarm := time.NewTimer(nonceAge)
	defer alarm.Stop()
	for {
		if f.inner.renew() {
			alarm.Reset(nonceAge)
		} else {
			alarm.Reset(nonceRetry)
		}
		select {
		case <-alarm.C:
		case <-f.inner.again:
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
			i.got(string(v), time.Now())
		}
		return ok
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
