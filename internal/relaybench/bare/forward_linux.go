package bare

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/ringfence/ringfence/internal/relaybench/rawudp"
)

const (
	batch     = 64
	packetCap = 2048
	buffer    = 4 << 20 // bytes of a socket's queue
	patience  = 100     // milliseconds that it waits before it looks whether it should end
	cutOff    = 4       // bytes in front of the payload, as in ChannelData
)

// Hello is what a client sends first, and gets back: these letters, then the
// address of its peer (IPv4) and the port.
const Hello = "BARE"

// HelloLen is how long a hello is.
const HelloLen = len(Hello) + 4 + 2

// forwarder holds one batch of packets, and where each port's packets go.
type forwarder struct {
	in, out int // sockets
	recv    [batch]unix.Mmsghdr
	send    [batch]unix.Mmsghdr
	recvIov [batch]unix.Iovec
	sendIov [batch]unix.Iovec
	from    [batch][unix.SizeofSockaddrInet4]byte
	data    [batch][packetCap]byte
	peers   [][unix.SizeofSockaddrInet4]byte
	peerOf  [1 << 16]uint16 // by the port of the client; 0: none
}

// Run forwards what comes to at, IPv4, until ctx ends.
func Run(ctx context.Context, at netip.AddrPort) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f := &forwarder{peers: make([][unix.SizeofSockaddrInet4]byte, 1, 1<<16)}
	var err error
	if f.in, err = socket(at); err != nil {
		return err
	}
	defer func() { _ = unix.Close(f.in) }()
	if f.out, err = socket(netip.AddrPortFrom(at.Addr(), 0)); err != nil {
		return err
	}
	defer func() { _ = unix.Close(f.out) }()
	for i := range batch {
		f.recvIov[i].Base = &f.data[i][0]
		f.recvIov[i].SetLen(packetCap)
		message(&f.recv[i].Hdr, &f.recvIov[i], &f.from[i])
		message(&f.send[i].Hdr, &f.sendIov[i], nil)
	}
	wait := []unix.PollFd{{Fd: int32(f.in & 0xffff), Events: unix.POLLIN}}
	for ctx.Err() == nil {
		n, _ := rawudp.Receive(f.in, f.recv[:]) // what failed is met again
		if n == 0 {
			_, _ = unix.Poll(wait, patience)
			continue
		}
		f.forward(n)
	}
	return nil
}

// forward sends on what the last n messages brought.
func (f *forwarder) forward(n int) {
	k := 0
	for i := range n {
		size := int(f.recv[i].Len)
		port := binary.BigEndian.Uint16(f.from[i][2:])
		peer := f.peerOf[port]
		if peer == 0 || size == HelloLen {
			f.hello(i, size, port)
			continue
		}
		f.sendIov[k].Base = &f.data[i][cutOff]
		f.sendIov[k].SetLen(size - cutOff)
		f.send[k].Hdr.Name = &f.peers[peer][0]
		k++
	}
	rawudp.Send(f.out, f.send[:k])
}

// hello learns where the packets of a port go, and says so.
func (f *forwarder) hello(i, size int, port uint16) {
	b := f.data[i][:size]
	if size != HelloLen || string(b[:len(Hello)]) != Hello || len(f.peers) == cap(f.peers) {
		return
	}
	var to [unix.SizeofSockaddrInet4]byte
	binary.NativeEndian.PutUint16(to[:], unix.AF_INET)
	copy(to[2:4], b[8:10])
	copy(to[4:8], b[4:8])
	if f.peerOf[port] == 0 {
		f.peers = append(f.peers, to)
		f.peerOf[port] = uint16((len(f.peers) - 1) & 0xffff)
	}
	f.peers[f.peerOf[port]] = to
	ip := netip.AddrFrom4([4]byte(f.from[i][4:8]))
	_ = unix.Sendto(f.in, b, 0, &unix.SockaddrInet4{Addr: ip.As4(), Port: int(port)}) // it asks again
}

func message(h *unix.Msghdr, iov *unix.Iovec, from *[unix.SizeofSockaddrInet4]byte) {
	h.Iov = iov
	h.SetIovlen(1)
	h.Namelen = unix.SizeofSockaddrInet4
	if from != nil {
		h.Name = &from[0]
	}
}

func socket(at netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, buffer)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: at.Addr().As4(), Port: int(at.Port())}); err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("bind %v: %w", at, err)
	}
	return fd, nil
}
