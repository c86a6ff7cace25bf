//go:build amd64 || arm64

package relay

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/ringfence/ringfence/relay/internal/mmsg"
)

// twin gives a busy channel a socket of its own, at the same address and
// connected to the peer: the kernel knows the way once and for all, and hands
// what the peer sends to no other. The thread calls it.
func (p *shardPeer) twin(b *channel) {
	b.tried = true
	if p.twins >= maxTwins || p.names != nil {
		return
	}
	if p.plane.twins.Add(-1) < 0 {
		p.plane.twins.Add(1)
		return
	}
	fd, err := p.openTwin(b)
	if err == nil {
		f := &file{fd: fd, peer: p, uncut: p.file.uncut}
		if err = p.shard.watch(f); err == nil {
			b.twin = f
			p.twins++
			p.shard.more(p.file) // what came before the twin did, first
			p.shard.more(f)
			return
		}
		_ = unix.Close(fd)
	}
	p.plane.twins.Add(1)
}

// openTwin binds what is bound already. That is allowed for this moment alone:
// no other program can take a part of the port.
func (p *shardPeer) openTwin(b *channel) (int, error) {
	fd, err := mmsg.Open(p.at.Addr())
	if err != nil {
		return -1, err
	}
	err = setFragments(fd, p.at.Addr().Is6(), false)
	for _, s := range []int{fd, p.file.fd} {
		if err == nil {
			err = reuse(s, 1)
		}
	}
	if err == nil {
		err = mmsg.Bind(fd, p.at)
	}
	_ = reuse(p.file.fd, 0)
	_ = reuse(fd, 0)
	if err == nil {
		err = mmsg.Connect(fd, b.verdict.dst)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	mmsg.Grow(fd)
	return fd, nil
}

func reuse(fd, on int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, on))
}

// untwin closes what twin opened. shard.mu is held.
func (p *shardPeer) untwin(b *channel) {
	if b.twin == nil {
		return
	}
	p.shard.drop(b.twin)
	b.twin = nil
	p.twins--
	p.plane.twins.Add(1)
}

// more has a file read in the next round, whether or not anything comes.
func (sh *shard) more(f *file) {
	if !f.waits {
		f.waits = true
		sh.again = append(sh.again, f)
	}
}
