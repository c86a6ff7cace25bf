//go:build amd64 || arm64

package mmsg

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// SlotSize is what one read can bring: the kernel hands over runs of up to
	// 64 kB.
	SlotSize = 1 << 16

	// Headroom is free in front of each slot.
	Headroom = 64

	// stride keeps the beginnings of slots out of each other's way in a cache.
	stride = SlotSize + Headroom + 1344

	// MaxSegments is how many packets a run has at most.
	MaxSegments = 64

	// MaxRun is how many bytes: what the kernel takes of either.
	MaxRun = 65507

	controlLen = 64
)

// mmsghdr is the kernel's.
type mmsghdr struct {
	h unix.Msghdr
	n uint32
	_ [4]byte
}

// In is memory that packets are read into. Its pages are not the collector's
// and not in a core dump.
type In struct {
	mem     []byte
	hdrs    []mmsghdr
	iovs    []unix.Iovec
	names   []Name
	control []byte
}

// NewIn makes room for so many reads at once.
func NewIn(slots int) (*In, error) {
	mem, err := unix.Mmap(-1, 0, slots*stride, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, err
	}
	_ = unix.Madvise(mem, unix.MADV_DONTDUMP)
	_ = unix.Madvise(mem, unix.MADV_NOHUGEPAGE) // most of it is never touched
	in := &In{
		mem: mem, hdrs: make([]mmsghdr, slots), iovs: make([]unix.Iovec, slots), names: make([]Name, slots),
		control: make([]byte, slots*controlLen),
	}
	for i := range in.hdrs {
		in.iovs[i].Base = &in.Slot(i)[0]
		in.iovs[i].SetLen(SlotSize)
		h := &in.hdrs[i].h
		h.Iov = &in.iovs[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&in.names[i].raw))
		h.Control = &in.control[i*controlLen]
	}
	return in, nil
}

// Close gives the memory back.
func (in *In) Close() error { return unix.Munmap(in.mem) }

// Slots is how many reads fit.
func (in *In) Slots() int { return len(in.hdrs) }

// Slot returns where the i-th read lands.
func (in *In) Slot(i int) []byte {
	at := i*stride + Headroom
	return in.mem[at : at+SlotSize : at+SlotSize]
}

// Before returns the n bytes in front of a slot, and the slot: n is at most
// [Headroom].
func (in *In) Before(i, n int) []byte {
	at := i*stride + Headroom
	return in.mem[at-n : at+SlotSize : at+SlotSize]
}

// Recv reads what has come into the slots from first on, n of them at most. It
// returns how many reads there were; fewer than n means that nothing is left.
// The error is about the socket, not about its next packet.
func (in *In) Recv(fd, first, n int) (int, error) {
	for i := first; i < first+n; i++ {
		h := &in.hdrs[i].h
		h.Namelen = unix.SizeofSockaddrInet6
		h.Controllen = controlLen
		h.Flags = 0
	}
	got, _, e := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&in.hdrs[first])), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
	if e != 0 {
		if e == unix.EAGAIN || e == unix.EINTR {
			return 0, nil
		}
		return 0, e
	}
	for i := first; i < first+int(got); i++ {
		in.names[i].len = in.hdrs[i].h.Namelen
	}
	return int(got), nil
}

// Read returns what the i-th read brought. It is one packet, or several of
// size bytes each with a shorter last one.
func (in *In) Read(i int) (b []byte, size int, from *Name) {
	m := &in.hdrs[i]
	n := int(m.n)
	return in.Slot(i)[:n], in.segment(i, n), &in.names[i]
}

// segment finds the size of a run in what the kernel says about a read.
func (in *In) segment(i, n int) int {
	left := int(in.hdrs[i].h.Controllen)
	if left < unix.SizeofCmsghdr {
		return n
	}
	c := in.control[i*controlLen : i*controlLen+min(left, controlLen)]
	for len(c) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&c[0]))
		l := int(h.Len)
		if l < unix.SizeofCmsghdr || l > len(c) {
			break
		}
		if h.Level == unix.SOL_UDP && h.Type == unix.UDP_GRO && l >= unix.CmsgLen(2) {
			if size := int(*(*uint16)(unsafe.Pointer(&c[unix.CmsgLen(0)]))); size > 0 && size < n {
				return size
			}
			return n
		}
		c = c[min(len(c), (l+7)&^7):]
	}
	return n
}

// Grow has the kernel hand over runs whole, where it can.
func Grow(fd int) bool { return unix.SetsockoptInt(fd, unix.SOL_UDP, unix.UDP_GRO, 1) == nil }

// CanSegment reports whether the kernel cuts runs on a socket.
func CanSegment(fd int) bool {
	_, err := unix.GetsockoptInt(fd, unix.SOL_UDP, unix.UDP_SEGMENT)
	return err == nil
}

// segmented is the control message of a run.
type segmented struct {
	h    unix.Cmsghdr
	size uint16
	_    [6]byte
}

func (s *segmented) set(size int) {
	s.h = unix.Cmsghdr{Level: unix.SOL_UDP, Type: unix.UDP_SEGMENT}
	s.h.SetLen(unix.CmsgLen(2))
	s.size = uint16(size)
}

// Run sends several packets to one place with one system call.
type Run struct {
	h       unix.Msghdr
	iovs    [MaxSegments]unix.Iovec
	parts   int
	bytes   int
	size    int // of the first; all but the last have it
	done    bool
	control segmented
}

// Add puts a packet at the end. It reports false, and leaves r as it is, where
// the packet does not fit into the run.
func (r *Run) Add(b []byte) bool {
	n := len(b)
	switch {
	case n == 0 && r.parts > 0: // a segment can't be empty
		return false
	case r.parts == 0:
		r.size, r.done = n, n == 0
	case r.done, r.parts == MaxSegments, n > r.size, r.bytes+n > MaxRun:
		return false
	case n < r.size:
		r.done = true // nothing comes after a shorter one
	}
	r.iovs[r.parts].Base = unsafe.SliceData(b)
	r.iovs[r.parts].SetLen(n)
	r.parts++
	r.bytes += n
	return true
}

// Len returns how many packets r has.
func (r *Run) Len() int { return r.parts }

// Reset empties r.
func (r *Run) Reset() { r.parts, r.bytes, r.size, r.done = 0, 0, 0, false }

// Send sends the run and leaves it as it is. to is nil where the socket is
// connected. cut says whether the kernel may be asked to cut it; it returns
// false there when the kernel refused, and r went out packet by packet. The
// error is that of the last packet which did not go.
func (r *Run) Send(fd int, to *Name, cut bool) (still bool, err error) {
	if r.parts > 1 && cut {
		err = r.whole(fd, to)
		if err != nil && refused(err) {
			err = r.whole(fd, to)
		}
		if !Uncut(err) {
			return true, err
		}
		cut = false
	}
	for i := range r.parts {
		b := unsafe.Slice(r.iovs[i].Base, int(r.iovs[i].Len))
		if e := one(fd, b, to); e != nil {
			err = e
		} else if i == 0 {
			err = nil
		}
	}
	return cut, err
}

func one(fd int, b []byte, to *Name) error {
	for range 2 {
		var err error
		if to == nil {
			err = Send(fd, b)
		} else {
			err = SendTo(fd, b, to)
		}
		if err == nil || !refused(err) {
			return err
		}
	}
	return nil
}

// refused reports that an error is word of an earlier packet which nobody
// wanted: this one has not been tried yet.
func refused(err error) bool { return errors.Is(err, unix.ECONNREFUSED) }

func (r *Run) whole(fd int, to *Name) error {
	r.control.set(r.size)
	h := &r.h
	h.Iov, h.Control = &r.iovs[0], (*byte)(unsafe.Pointer(&r.control))
	h.SetIovlen(r.parts)
	h.SetControllen(unix.CmsgSpace(2))
	h.Name, h.Namelen = nil, 0
	if to != nil {
		h.Name, h.Namelen = (*byte)(unsafe.Pointer(&to.raw)), to.len
	}
	_, _, e := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(h)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	return errno(e)
}

// Uncut reports that err is the kernel's word that a run can't be cut for
// where it goes: the card can't, or a packet is longer than the path takes.
func Uncut(err error) bool {
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EMSGSIZE) || errors.Is(err, unix.EOPNOTSUPP)
}
