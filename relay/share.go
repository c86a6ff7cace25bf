package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// peekTime is how long a client that named no protocol may take to begin.
	peekTime = 5 * time.Second

	// splitLimit and splitPerNet bound the connections of which it is not known
	// yet whose they are, in all and of one /32 or /64.
	splitLimit  = 4096
	splitPerNet = 256
)

// Split shares one TLS port, 443 most likely, between HTTPS and TURN. Clients
// say what they want by ALPN, TURN by RFC 7443. Browsers say nothing for TURN:
// then the first byte tells, for a client of TURN begins with a STUN message
// and one of HTTP with a letter. Make one with [SplitTLS].
type Split struct {
	// Log hears at debug level of handshakes that failed; the system's text
	// holds addresses and is left out. Nil: no log. Set it before Serve.
	Log *slog.Logger

	ln         net.Listener
	conf       *tls.Config
	waiting    *crowd
	http, turn *half
}

// SplitTLS shares ln. It must bound the connections that are open; how long a
// handshake takes is bounded here. conf needs a certificate; its protocols may
// be empty, which means HTTP/2 and HTTP/1.1. It is not changed.
func SplitTLS(ln net.Listener, conf *tls.Config) *Split {
	conf = conf.Clone()
	if len(conf.NextProtos) == 0 {
		conf.NextProtos = []string{"h2", "http/1.1"}
	}
	if !slices.Contains(conf.NextProtos, alpnTURN) {
		conf.NextProtos = append(slices.Clip(conf.NextProtos), alpnTURN)
	}
	return &Split{
		ln: ln, conf: conf, waiting: newCrowd(splitLimit, splitPerNet),
		http: newHalf(ln.Addr()), turn: newHalf(ln.Addr()),
	}
}

// HTTP returns the listener for an http.Server's Serve, not ServeTLS:
// connections are past their handshake. They are *tls.Conn, which HTTP/2
// needs, but for those of clients that named no protocol; these have the
// method ConnectionState.
func (s *Split) HTTP() net.Listener { return s.http }

// TURN returns the listener for [Config.Shared].
func (s *Split) TURN() net.Listener { return s.turn }

// Serve takes connections until ctx ends, then closes the port and both
// halves, and returns when every handshake has ended. A failed Accept or
// handshake ends nothing. The error is always nil.
func (s *Split) Serve(ctx context.Context) error {
	var open sync.WaitGroup
	stop := context.AfterFunc(ctx, func() { _ = s.ln.Close() })
	defer stop()
	for pause := firstPause; ctx.Err() == nil; {
		conn, err := s.ln.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || !wait(&pause, ctx.Done()) {
				break
			}
			continue
		}
		pause = firstPause
		from, ok := addrPort(conn.RemoteAddr())
		if !ok || !s.waiting.enter(from.Addr()) {
			_ = conn.Close()
			continue
		}
		open.Go(func() {
			defer s.waiting.leave(from.Addr())
			s.sort(ctx, conn)
		})
	}
	_ = s.ln.Close()
	open.Wait()
	return errors.Join(s.http.Close(), s.turn.Close())
}

// sort finds out who conn is for.
func (s *Split) sort(ctx context.Context, conn net.Conn) {
	abort := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer abort()
	sealed := handshake(ctx, conn, s.conf)
	if sealed == nil {
		if s.Log != nil {
			s.Log.DebugContext(ctx, "TLS handshake failed")
		}
		_ = conn.Close()
		return
	}
	switch sealed.ConnectionState().NegotiatedProtocol {
	case alpnTURN:
		s.turn.give(ctx, sealed)
	case "":
		_ = conn.SetReadDeadline(time.Now().Add(peekTime))
		p, err := peek(sealed)
		if err != nil {
			_ = conn.Close()
			return
		}
		_ = conn.SetReadDeadline(time.Time{})
		if isSTUN(p.first[0]) {
			s.turn.give(ctx, peekedTLS{p, sealed})
		} else {
			s.http.give(ctx, peekedTLS{p, sealed})
		}
	default:
		s.http.give(ctx, sealed)
	}
}

// peekedTLS is a TLS connection of which the first byte has been looked at.
type peekedTLS struct {
	*peeked
	sealed *tls.Conn
}

// ConnectionState is that of a tls.Conn.
func (p peekedTLS) ConnectionState() tls.ConnectionState { return p.sealed.ConnectionState() }

// NetConn is that of a tls.Conn.
func (p peekedTLS) NetConn() net.Conn { return p.sealed.NetConn() }

// half is a listener that is given its connections.
type half struct {
	addr  net.Addr
	conns chan net.Conn
	once  sync.Once
	end   chan struct{} // closed by Close
}

func newHalf(addr net.Addr) *half {
	return &half{addr: addr, conns: make(chan net.Conn), end: make(chan struct{})}
}

// give hands conn to who accepts next, or closes it.
func (h *half) give(ctx context.Context, conn net.Conn) {
	select {
	case h.conns <- conn:
		return
	case <-h.end:
	case <-ctx.Done():
	}
	_ = conn.Close()
}

// Accept returns the next connection. It fails only after Close.
func (h *half) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.end:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. The port stays open for the other half. It may be called
// more than once.
func (h *half) Close() error {
	h.once.Do(func() { close(h.end) })
	return nil
}

// Addr is that of the port.
func (h *half) Addr() net.Addr { return h.addr }
