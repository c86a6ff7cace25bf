package signal

import (
	"net/http"
	"sync"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/ratelimit"
	"github.com/ringfence/ringfence/signal/wire"
)

// meter counts what comes from one account, or one address, over all of its
// connections.
type meter[K comparable] struct {
	key   K
	users int // connections; guarded by the mutex of meters

	mu             sync.Mutex // guards following
	frames, hellos bucket
}

// meters holds one for each that has connections, and for a bounded number of
// those that had lately: leaving must not give what coming back may do anew.
type meters[K comparable] struct {
	mu    sync.Mutex // guards following
	byKey map[K]*meter[K]
	idle  int // of them without connections
}

// maxIdle is how many meters without connections are kept, of accounts and of
// addresses each. Where there are more, those who leave are forgotten at once.
const maxIdle = 8192

// hold returns the meter of a key until it is released.
func (m *meters[K]) hold(k K) *meter[K] {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.byKey[k]
	switch {
	case one == nil:
		one = &meter[K]{key: k}
		if m.byKey == nil {
			m.byKey = map[K]*meter[K]{}
		}
		m.byKey[k] = one
	case one.users == 0:
		m.idle--
	}
	one.users++
	return one
}

func (m *meters[K]) release(one *meter[K]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if one.users--; one.users > 0 {
		return
	}
	if m.idle >= maxIdle {
		delete(m.byKey, one.key)
		return
	}
	m.idle++
}

// sweep forgets whose past does not matter any more.
func (m *meters[K]) sweep(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.idle == 0 {
		return
	}
	for k, one := range m.byKey {
		if one.users == 0 && one.empty(now) {
			delete(m.byKey, k)
			m.idle--
		}
	}
}

func (m *meters[K]) size() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.byKey)
}

func (m *meter[K]) empty(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.frames.empty(now) && m.hellos.empty(now)
}

func (m *meter[K]) takeFrame(now time.Time, rate, burst float64) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.frames.take(now, rate, burst)
}

func (m *meter[K]) takeHello(now time.Time, rate, burst float64) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hellos.take(now, rate, burst)
}

// metered finds the meters of a connection. That of its address is nil where
// the hub is not told of addresses: it keeps a blinded prefix, and no longer
// than it matters.
func (l *link) metered(r *http.Request, who identity) {
	h := l.hub
	l.account = h.accounts.hold(who.Account)
	if h.opt.ClientPrefix != nil {
		if p := h.opt.ClientPrefix(r); p.IsValid() {
			text, _ := p.MarshalText() // never fails
			l.address = h.addresses.hold(h.blind.Blind("signal", text))
		}
	}
}

// gone ends the connection's part in everything that is counted.
func (l *link) gone() {
	l.CloseNow() // harmless after another close
	l.hub.accounts.release(l.account)
	if l.address != nil {
		l.hub.addresses.release(l.address)
	}
	l.hub.conns.Done()
}

// lifted is how much higher than usual rates are, for benchmarks.
func (h *Hub) lifted() float64 { return h.rate / wire.MaxFrameRate }

// mayFrame counts a frame against its account and its address.
func (l *link) mayFrame(now time.Time) error {
	if l.account == nil {
		return nil
	}
	up := l.hub.lifted()
	if wait := l.account.takeFrame(now, up*wire.MaxAccountRate, wire.MaxAccountBurst); wait > 0 {
		return tooOften("Too many frames of this account.", wire.MaxAccountRate, wait)
	}
	if l.address == nil {
		return nil
	}
	if wait := l.address.takeFrame(now, up*wire.MaxAddressRate, wire.MaxAddressBurst); wait > 0 {
		return tooOften("Too many frames from this address.", wire.MaxAddressRate, wait)
	}
	return nil
}

// mayGreet does so with a hello.
func (l *link) mayGreet(now time.Time) error {
	up := l.hub.lifted()
	if wait := l.account.takeHello(now, up*wire.MaxHelloRate, wire.MaxHellos); wait > 0 {
		return tooOften("This account connects too often.", wire.MaxHellos, wait)
	}
	if l.address == nil {
		return nil
	}
	if wait := l.address.takeHello(now, up*wire.MaxAddressHelloRate, wire.MaxAddressHellos); wait > 0 {
		return tooOften("This address connects too often.", wire.MaxAddressHellos, wait)
	}
	return nil
}

func tooOften(text string, limit int64, wait time.Duration) error {
	return &fault.Error{Code: fault.RateLimited, Public: text, Limit: limit, RetryAfter: seconds(wait)}
}

func (h *Hub) sweepMeters(now time.Time) {
	h.accounts.sweep(now)
	h.addresses.sweep(now)
}

// addressKey tells nothing of the address that it was made from.
type addressKey = ratelimit.Key
