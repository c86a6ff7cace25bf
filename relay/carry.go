package relay

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

const (
	// carryBytes are read at once from a connection that carries data: no more
	// than the lowest rate lets through.
	carryBytes = leastBurst

	// stalledTime is how long one side of a connection with a peer may leave
	// unread what the other sends.
	stalledTime = time.Minute

	// halfTime is how long a connection with a peer lives on in silence when
	// one side has nothing more to say.
	halfTime = 30 * time.Second
)

// joint is a client's connection and one with a peer, made one: RFC 6062
// section 5.4.
type joint struct {
	stream *stream
	peer   *peerLink
	sock   *socket
	half   atomic.Bool // one side has said all
}

// carry joins s with c until one of them ends. What came right behind the
// request is the peer's already.
func (s *stream) carry(c *peerLink) {
	_ = s.raw.SetDeadline(time.Time{})
	j := &joint{stream: s, peer: c, sock: c.owner.socket}
	down := make(chan struct{})
	go func() {
		defer close(down)
		client := s.Conn
		if s.via != ViaTLS {
			client = s.raw
		}
		j.finish(j.pump(c.conn, client, j.sock.gate.fromPeer, func(n int) {
			j.sock.counters.peers.in(n)
			s.count.out(n)
		}), client)
	}()
	up := func(n int) {
		s.count.in(n)
		j.sock.counters.peers.out(n)
	}
	early := s.in.rest()
	err := j.send(early, c.conn, j.sock.gate.toPeer, up)
	if clear(early); err == nil {
		err = j.pump(s.Conn, c.conn, j.sock.gate.toPeer, up)
	}
	j.finish(err, c.conn)
	<-down
	c.close()
}

// pump carries one way until that ends. Nothing stays in its buffer.
func (j *joint) pump(from, to net.Conn, judge func(int) Refusal, count func(int)) error {
	b := make([]byte, carryBytes)
	for {
		n, err := from.Read(b)
		if n > 0 {
			failed := j.send(b[:n], to, judge, count)
			clear(b[:n])
			if failed != nil {
				return failed
			}
		}
		if err != nil {
			return err
		}
		if j.half.Load() {
			_ = from.SetReadDeadline(time.Now().Add(halfTime))
		}
	}
}

// send writes b as soon as it may. TCP makes who sends too fast wait.
func (j *joint) send(b []byte, to net.Conn, judge func(int) Refusal, count func(int)) error {
	if len(b) == 0 {
		return nil
	}
	for {
		refusal := judge(len(b))
		if refusal == "" {
			break
		}
		if refusal != RefusedRate && refusal != RefusedTotalRate {
			j.sock.refuse(refusal)
			return net.ErrClosed
		}
		if pause := tickEvery; !wait(&pause, j.peer.done) {
			return net.ErrClosed
		}
	}
	_ = to.SetWriteDeadline(time.Now().Add(stalledTime))
	if _, err := to.Write(b); err != nil {
		return err
	}
	count(len(b))
	j.sock.used.Store(j.sock.clock.Load())
	return nil
}

// finish tells to that nothing more comes, as long as it may still answer;
// where that can't be told, both end.
func (j *joint) finish(err error, to net.Conn) {
	half, ok := to.(interface{ CloseWrite() error })
	if ok && errors.Is(err, io.EOF) && half.CloseWrite() == nil {
		j.half.Store(true)
		until := time.Now().Add(halfTime)
		_ = j.peer.conn.SetReadDeadline(until)
		_ = j.stream.raw.SetReadDeadline(until)
		return
	}
	j.peer.close()
	_ = j.stream.raw.Close()
}
