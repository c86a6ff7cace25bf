package signal

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/internal/ws"
	"github.com/ringfence/ringfence/signal/wire"
)

// link is one connection of a session.
type link struct {
	ws.Conn
	hub   *Hub
	owner atomic.Pointer[session] // once it has one
	gen   int                     // of the session; set before owner

	control bucket // of pings and pongs that nobody asked for; only who reads looks at it

	account *meter[id.Account]
	address *meter[addressKey] // nil where the hub is not told of it
}

// options is what accepting the link takes.
func (l *link) options() *ws.Options {
	return &ws.Options{
		Subprotocol: wire.Subprotocol, Origins: l.hub.opt.Origins, Limit: wire.MaxFrame, Pool: &l.hub.buffers,
		Pong: l.ponged, Ping: l.mayControl, Lot: l.hub.lot, Wake: func() { go l.keep() },
	}
}

// ponged takes every pong that comes in.
func (l *link) ponged(payload []byte) bool {
	if s := l.owner.Load(); s != nil && len(payload) == 4 && s.ponged(binary.BigEndian.Uint32(payload)) {
		return true
	}
	return l.mayControl()
}

// mayControl counts a control frame that the hub did not ask for, and has to
// read, and mostly to answer, all the same.
func (l *link) mayControl() bool {
	return l.control.take(time.Now(), wire.MaxControlRate, wire.MaxControlBurst) == 0
}

// refuse closes a connection that has no session, and reads until the client
// knows.
func (l *link) refuse(code wire.CloseCode, why ended) {
	l.hub.counters.endings[why].Add(1)
	_ = l.Close(int(code)) // gone either way
	l.Drain()
}

// parking is the lot of a hub. It is opened for the first connection that can
// be parked: those of tests in virtual time cannot.
type parking struct {
	once   sync.Once
	lot    *ws.Lot
	cancel context.CancelFunc
}

// parkAfter is how long a session sends nothing but pongs before its
// connection is parked.
const parkAfter = 10 * time.Second

// lot returns where connections are parked, nil where they cannot be.
func (h *Hub) lot() *ws.Lot {
	h.parking.once.Do(func() {
		lot, err := ws.NewLot()
		if err != nil {
			h.log.InfoContext(h.base, "connections that wait are not parked", "error", err)
			return
		}
		ctx, cancel := context.WithCancel(h.base)
		ok := h.work.Go(func() {
			if err := lot.Run(ctx); err != nil {
				h.log.ErrorContext(ctx, "connections that wait cannot be read", "error", err)
			}
		})
		if !ok {
			cancel()
			return
		}
		h.parking.lot, h.parking.cancel = lot, cancel
	})
	return h.parking.lot
}

func (p *parking) stop() {
	p.once.Do(func() {}) // none from now on
	if p.cancel != nil {
		p.cancel()
	}
}
