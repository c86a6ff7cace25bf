//go:build amd64 || arm64

package mmsg

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	outMessages = 64
	outParts    = 1024
)

// Out is a queue of packets that leave by one socket, each to where it wants.
type Out struct {
	hdrs     [outMessages]mmsghdr
	names    [outMessages]Name
	controls [outMessages]segmented
	sizes    [outMessages]int // of a packet; the last may be shorter
	bytes    [outMessages]int
	packets  [outMessages]int
	first    [outMessages]int // of its parts
	closed   [outMessages]bool
	iovs     [outParts]unix.Iovec
	n, parts int
}

// Len returns how many messages wait.
func (o *Out) Len() int { return o.n }

// Add queues a packet, which is head and b one after another; head may be
// empty. Both must stay as they are until the next [Out.Flush]. With cut, it
// joins the run before it where it can. It reports false where the queue is full.
func (o *Out) Add(to *Name, head, b []byte, cut bool) bool {
	n, parts := len(head)+len(b), 1
	if len(head) > 0 {
		parts = 2
	}
	if o.parts+parts > outParts {
		return false
	}
	i := o.n - 1
	if !cut || i < 0 || !o.joins(i, to, n) {
		if o.n == outMessages {
			return false
		}
		i = o.n
		o.n++
		o.names[i], o.sizes[i], o.bytes[i], o.packets[i], o.closed[i], o.first[i] = *to, n, 0, 0, false, o.parts
	}
	o.closed[i] = n < o.sizes[i]
	o.bytes[i] += n
	o.packets[i]++
	if len(head) > 0 {
		o.part(head)
	}
	o.part(b)
	return true
}

func (o *Out) part(b []byte) {
	o.iovs[o.parts].Base = unsafe.SliceData(b)
	o.iovs[o.parts].SetLen(len(b))
	o.parts++
}

// joins reports whether a packet of n bytes fits at the end of message i.
func (o *Out) joins(i int, to *Name, n int) bool {
	return !o.closed[i] && n <= o.sizes[i] && n > 0 && o.packets[i] < MaxSegments && o.bytes[i]+n <= MaxRun && o.names[i] == *to
}

// Flush sends what waits. It returns how many packets and bytes went, and
// whether the kernel may be asked to cut runs again.
func (o *Out) Flush(fd int, cut bool) (packets, bytes int, still bool) {
	for i := range o.n {
		o.prepare(i)
	}
	still = cut
	for at := 0; at < o.n; {
		got, _, e := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&o.hdrs[at])), uintptr(o.n-at),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if e == 0 {
			for i := at; i < at+int(got); i++ {
				packets += o.packets[i]
				bytes += o.bytes[i]
			}
			at += max(int(got), 1) // the kernel never says 0
			continue
		}
		if o.packets[at] > 1 && Uncut(e) {
			still = false
			p, b := o.singly(fd, at)
			packets += p
			bytes += b
		}
		at++ // what can't go now is lost, as UDP has it
	}
	o.n, o.parts = 0, 0
	return packets, bytes, still
}

func (o *Out) prepare(i int) {
	end := o.parts
	if i+1 < o.n {
		end = o.first[i+1]
	}
	h := &o.hdrs[i].h
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(&o.names[i].raw)), o.names[i].len
	h.Iov = &o.iovs[o.first[i]]
	h.SetIovlen(end - o.first[i])
	h.Control = nil
	h.SetControllen(0)
	if o.packets[i] > 1 {
		o.controls[i].set(o.sizes[i])
		h.Control = (*byte)(unsafe.Pointer(&o.controls[i]))
		h.SetControllen(unix.CmsgSpace(2))
	}
}

// singly sends message i packet by packet. They have one part each, or two.
func (o *Out) singly(fd, i int) (packets, bytes int) {
	h := o.hdrs[i].h
	each := int(h.Iovlen) / o.packets[i]
	h.Control = nil
	h.SetControllen(0)
	h.SetIovlen(each)
	for p := range o.packets[i] {
		h.Iov = &o.iovs[o.first[i]+p*each]
		n, _, e := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&h)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if e == 0 {
			packets++
			bytes += int(n)
		}
	}
	return packets, bytes
}
