//go:build amd64 || arm64

package relay

import (
	"encoding/binary"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringfence/ringfence/relay/internal/mmsg"
)

const (
	clientSlots = 32 // packets of clients read at once
	peerSlotsIn = 64 // packets of peers that wait to leave
	perPeer     = 8  // packets of one socket read at once
	turns       = 4  // reads of one listener before others have theirs

	// turnTime is how long a shard goes on before it lets Go's scheduler have a
	// look. What runs for 10 ms without that is watched by the runtime, which then
	// takes its processor away in each wait for packets, however short: at some
	// thousand waits a second that costs as much as the packets.
	turnTime = 4 * time.Millisecond
)

// shard is a thread with an epoll, and the sockets that it watches. Packets
// that need no thought it passes on; all others it puts where pion reads.
type shard struct {
	plane    *plane
	poll     *mmsg.Poll
	started  bool
	stopping atomic.Bool
	done     chan struct{} // closed by run
	endOnce  sync.Once

	// mu guards the following and the files of its sockets. The thread holds it
	// for a round, but never while it waits. It is taken before table.mu.
	mu    sync.Mutex
	files []*file // by tag; nil: free
	made  int     // tells files apart that had the same tag one after another
	free  []int

	// The following are the thread's own.
	again, last []*file  // that have more
	in          *mmsg.In // from clients
	back        *mmsg.In // from peers, until they have left
	used        int      // slots of back
	lens        []int    // of what is in them
	out         mmsg.Out // to clients
	outTo       *shardListener
	heads       [1024][4]byte
	head        int        // of the next; more than can wait at once
	packets     []packet   // of one read of clients, chained by binding
	touched     []*channel // with a chain
	run1        mmsg.Run
	doomed      []*socket // to be closed when mu is free
}

// packet is one of a chain: bytes in the memory of a read.
type packet struct {
	frame []byte // with the header of ChannelData
	next  int    // -1: none
}

// file is a socket as epoll knows it.
type file struct {
	fd         int
	generation int
	tag        int
	waits      bool // in again
	uncut      bool // the kernel can't cut runs here
	failed     int  // reads in a row
	listener   *shardListener
	peer       *shardPeer // where listener is nil
}

func newShard(p *plane) (*shard, error) {
	sh := &shard{plane: p, done: make(chan struct{}), lens: make([]int, peerSlotsIn)}
	sh.packets = make([]packet, 0, clientSlots*mmsg.MaxSegments)
	var err error
	if sh.poll, err = mmsg.NewPoll(); err != nil {
		return nil, err
	}
	if sh.in, err = mmsg.NewIn(clientSlots); err == nil {
		sh.back, err = mmsg.NewIn(peerSlotsIn)
	}
	if err != nil {
		sh.end()
	}
	return sh, err
}

// end stops the thread and gives back what is the shard's.
func (sh *shard) end() {
	sh.endOnce.Do(func() {
		sh.stopping.Store(true)
		if sh.started {
			sh.poll.Wake()
			<-sh.done
		}
		sh.poll.Close()
		for _, in := range []*mmsg.In{sh.in, sh.back} {
			if in != nil {
				_ = in.Close()
			}
		}
	})
}

// watch has the thread read fd. mu is held.
func (sh *shard) watch(f *file) error {
	if n := len(sh.free); n > 0 {
		f.tag = sh.free[n-1]
		sh.free = sh.free[:n-1]
	} else {
		f.tag = len(sh.files)
		sh.files = append(sh.files, nil)
	}
	sh.made = (sh.made + 1) & math.MaxInt32
	f.generation = sh.made
	sh.files[f.tag] = f
	if err := sh.poll.Add(f.fd, f.tag, f.generation); err != nil {
		sh.files[f.tag] = nil
		sh.free = append(sh.free, f.tag)
		return err
	}
	return nil
}

// drop closes a file. mu is held.
func (sh *shard) drop(f *file) {
	if f.fd < 0 {
		return
	}
	_ = unix.Close(f.fd)
	f.fd = -1
	if sh.files[f.tag] == f {
		sh.files[f.tag] = nil
		sh.free = append(sh.free, f.tag)
	}
}

func (sh *shard) run() {
	defer close(sh.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := time.Now()
	for !sh.stopping.Load() {
		if now := time.Now(); now.Sub(began) >= turnTime {
			began = now
			runtime.Gosched()
		}
		n := sh.poll.Wait(len(sh.again) == 0)
		sh.mu.Lock()
		sh.round(n)
		sh.mu.Unlock()
		sh.bury()
	}
}

// round reads what has come. Those that had more than a round takes are first.
func (sh *shard) round(events int) {
	sh.again, sh.last = sh.last[:0], sh.again
	for _, f := range sh.last {
		f.waits = false
		sh.read(f)
	}
	clear(sh.last)
	for i := range events {
		tag, generation, ok := sh.poll.Event(i)
		if !ok || tag >= len(sh.files) {
			continue
		}
		if f := sh.files[tag]; f != nil && f.generation == generation {
			sh.read(f)
		}
	}
	sh.drain()
}

func (sh *shard) read(f *file) {
	if f.fd < 0 || f.waits {
		return
	}
	var more bool
	if f.listener != nil {
		more = sh.fromClients(f)
	} else {
		more = sh.fromPeers(f)
	}
	if more {
		f.waits = true
		sh.again = append(sh.again, f)
	}
}

// again reports whether a read that failed is worth another at once: one error
// is about an earlier packet, and others may wait behind it. Of many in a row
// nothing is to be had until epoll tells of more.
func (f *file) again() bool {
	f.failed++
	return f.failed%maxReadErrors != 0
}

// bury closes allocations that have nothing left to spend.
func (sh *shard) bury() {
	for _, s := range sh.doomed {
		_ = s.Close() // always nil
	}
	clear(sh.doomed)
	sh.doomed = sh.doomed[:0]
}

// refuse counts packets of s that do not pass.
func (sh *shard) refuse(s *socket, r Refusal) {
	s.counters.refuse(r)
	if r == RefusedBudget {
		sh.doomed = append(sh.doomed, s)
	}
}

// queue has a packet leave for a client at the end of the round.
func (sh *shard) queue(l *shardListener, to *mmsg.Name, head, b []byte) {
	if sh.outTo != l {
		sh.flush()
		sh.outTo = l
	}
	if !sh.out.Add(to, head, b, !l.uncut.Load()) {
		sh.flush()
		sh.out.Add(to, head, b, !l.uncut.Load())
	}
}

// flush sends what waits for clients. What was read from peers stays.
func (sh *shard) flush() {
	if sh.out.Len() > 0 {
		sh.outTo.send(&sh.out)
	}
}

// drain is flush, and forgets what was read from peers.
func (sh *shard) drain() {
	sh.flush()
	for i := range sh.used {
		clear(sh.back.Before(i, channelHeader)[:channelHeader+sh.lens[i]])
	}
	sh.used = 0
}

// header returns the header of ChannelData, which stays until what is queued
// has left: there are more of them than places in the queue.
func (sh *shard) header(number uint16, n int) []byte {
	h := sh.heads[sh.head%len(sh.heads)][:]
	sh.head++
	putHeader(h, number, n)
	return h
}

func putHeader(h []byte, number uint16, n int) {
	binary.BigEndian.PutUint16(h, number)
	binary.BigEndian.PutUint16(h[2:], uint16(n&0xffff))
}
