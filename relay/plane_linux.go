//go:build amd64 || arm64

package relay

import (
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/ringfence/ringfence/relay/internal/mmsg"
)

// plane is the [dataPlane] of Linux: shards, each with a thread, listeners and
// sockets towards peers of its own.
type plane struct {
	server *Server
	shards []*shard
	next   atomic.Uint32 // shard of the next client that comes by a stream
	twins  atomic.Int32  // that may yet be opened
}

// openPlane makes as many shards as are wanted.
func (s *Server) openPlane() error {
	shards := s.cfg.Shards
	if shards == ShardsOff {
		return nil
	}
	if shards == 0 {
		shards = min(runtime.GOMAXPROCS(0), MaxShards)
	}
	p := &plane{server: s}
	p.twins.Store(twinsFor(maxDescriptors()))
	for range shards {
		sh, err := newShard(p)
		if err != nil {
			p.close()
			return err
		}
		p.shards = append(p.shards, sh)
	}
	s.plane = p
	return nil
}

// maxDescriptors is how many files the program may have open.
func maxDescriptors() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 1024
	}
	return limit.Cur
}

// twinsFor leaves most descriptors to allocations and connections.
func twinsFor(files uint64) int32 {
	return int32(min(files/4, 1<<16))
}

func (p *plane) start() {
	for _, sh := range p.shards {
		sh.started = true
		go sh.run()
	}
}

// close ends the shards, and gives back what is theirs. Their sockets are
// closed before.
func (p *plane) close() {
	for _, sh := range p.shards {
		sh.end()
	}
}

// listen opens one socket for each shard, at one address.
func (p *plane) listen(at netip.AddrPort) ([]udpConn, error) {
	var conns []udpConn
	for i, sh := range p.shards {
		l, err := sh.listen(at, i > 0, len(p.shards) > 1)
		if err != nil {
			for _, c := range conns {
				_ = c.Close()
			}
			return nil, err
		}
		at = l.at // has the port, where any was asked for
		conns = append(conns, l)
	}
	return conns, nil
}

// towards opens a socket towards peers, which is of no shard yet.
func (p *plane) towards(at netip.AddrPort) (udpConn, error) {
	fd, err := openAt(at)
	if err != nil {
		return nil, err
	}
	return &shardPeer{plane: p, at: at, fd: fd, inbox: newInbox(peerInbox)}, nil
}

// virtual takes no socket, and is of no shard yet.
func (p *plane) virtual(at netip.AddrPort, of *virtuals) udpConn {
	return &shardPeer{plane: p, at: at, fd: -1, names: of, inbox: newInbox(peerInbox)}
}

// openAt opens a socket that does not split packets differently from those of
// package net.
func openAt(at netip.AddrPort) (int, error) {
	fd, err := mmsg.Open(at.Addr())
	if err != nil {
		return -1, err
	}
	err = setFragments(fd, at.Addr().Is6(), false)
	if err == nil {
		err = mmsg.Bind(fd, at)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	mmsg.Grow(fd) // where the kernel can
	return fd, nil
}

// sharePort lets others bind what fd is bound to. It is asked for after fd was
// bound, so that a port which somebody else has is still an error.
func sharePort(fd int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
}
