package relaybench

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ringfence/ringfence/internal/relaybench/rawudp"
)

const (
	batchLen  = 64   // packets that one system call takes or gives
	packetCap = 2048 // bytes of a packet that is received
	maxName   = unix.SizeofSockaddrInet6
)

// rawAddr is an address as the kernel has it.
type rawAddr struct {
	b [maxName]byte
	n uint32
}

func rawAddrOf(a netip.AddrPort) rawAddr {
	var r rawAddr
	binary.BigEndian.PutUint16(r.b[2:], a.Port())
	if a.Addr().Is4() {
		binary.NativeEndian.PutUint16(r.b[:], unix.AF_INET)
		ip := a.Addr().As4()
		copy(r.b[4:], ip[:])
		r.n = unix.SizeofSockaddrInet4
		return r
	}
	binary.NativeEndian.PutUint16(r.b[:], unix.AF_INET6)
	ip := a.Addr().As16()
	copy(r.b[8:], ip[:])
	r.n = unix.SizeofSockaddrInet6
	return r
}

// inbox holds what one system call receives.
type inbox struct {
	hdrs  [batchLen]unix.Mmsghdr
	iovs  [batchLen]unix.Iovec
	names [batchLen]rawAddr
	bufs  [batchLen][packetCap]byte

	// Of what is sent back.
	out    [batchLen]unix.Mmsghdr
	outIov [batchLen]unix.Iovec
}

func newInbox() *inbox {
	in := &inbox{}
	for i := range in.hdrs {
		in.iovs[i].Base = &in.bufs[i][0]
		in.iovs[i].SetLen(packetCap)
		in.hdrs[i].Hdr.Iov = &in.iovs[i]
		in.hdrs[i].Hdr.SetIovlen(1)
		in.hdrs[i].Hdr.Name = &in.names[i].b[0]
		in.hdrs[i].Hdr.Namelen = maxName
	}
	return in
}

// receive takes what waits at fd and returns how many packets that were; fewer
// than batchLen mean that nothing more waits. The error is that of an earlier
// packet that nobody took.
func (in *inbox) receive(fd int) (int, syscall.Errno) {
	for i := range in.hdrs {
		in.hdrs[i].Hdr.Namelen = maxName
	}
	return rawudp.Receive(fd, in.hdrs[:])
}

func (in *inbox) packet(i int) []byte { return in.bufs[i][:min(in.hdrs[i].Len, packetCap)] }

// answer makes packet i one that goes back to where it came from, as number k
// of those.
func (in *inbox) answer(i, k int) {
	in.out[k] = in.hdrs[i]
	in.outIov[k].Base = &in.bufs[i][0]
	in.outIov[k].SetLen(int(in.hdrs[i].Len))
	in.out[k].Hdr.Iov = &in.outIov[k]
}

// segmentControl is the control message that makes the kernel cut what is sent
// into packets of size bytes: UDP_SEGMENT, udp(7). Its head is a word for the
// length, the level and the type.
func segmentControl(size int) []byte {
	b := make([]byte, 0, unix.CmsgSpace(2))
	if strconv.IntSize == 64 {
		b = binary.NativeEndian.AppendUint64(b, 8+4+4+2)
	} else {
		b = binary.NativeEndian.AppendUint32(b, 4+4+4+2)
	}
	b = binary.NativeEndian.AppendUint32(b, unix.SOL_UDP)
	b = binary.NativeEndian.AppendUint32(b, unix.UDP_SEGMENT)
	b = binary.NativeEndian.AppendUint16(b, uint16(size&0xffff))
	return b[:cap(b)]
}
