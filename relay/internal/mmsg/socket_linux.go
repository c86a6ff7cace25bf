//go:build amd64 || arm64

package mmsg

import (
	"errors"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Open makes a UDP socket that never blocks and is not passed on to other
// programs. An IPv6 one has nothing to do with IPv4.
func Open(family netip.Addr) (fd int, err error) {
	domain := unix.AF_INET
	if family.Is6() {
		domain = unix.AF_INET6
	}
	fd, err = unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if domain == unix.AF_INET6 {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			_ = unix.Close(fd)
			return -1, os.NewSyscallError("setsockopt", err)
		}
	}
	return fd, nil
}

// Bind gives a socket its address; port 0 is any that is free.
func Bind(fd int, at netip.AddrPort) error {
	return os.NewSyscallError("bind", unix.Bind(fd, sockaddr(at)))
}

// Connect has a socket meet nobody but one peer.
func Connect(fd int, peer netip.AddrPort) error {
	return os.NewSyscallError("connect", unix.Connect(fd, sockaddr(peer)))
}

// Local returns where a socket is bound.
func Local(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, os.NewSyscallError("getsockname", err)
	}
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)), nil
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)), nil
	}
	return netip.AddrPort{}, errFamily
}

var errFamily = errors.New("mmsg: neither IPv4 nor IPv6")

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// Name is an address as the kernel has it.
type Name struct {
	raw unix.RawSockaddrInet6 // the longest; an IPv4 one lies in its first bytes
	len uint32
}

// NameOf converts an address, which is no IPv4-mapped one.
func NameOf(a netip.AddrPort) (n Name) {
	port := a.Port()<<8 | a.Port()>>8 // in the order of the network
	if a.Addr().Is4() {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(&n.raw))
		four.Family, four.Port, four.Addr = unix.AF_INET, port, a.Addr().As4()
		n.len = unix.SizeofSockaddrInet4
		return n
	}
	n.raw.Family, n.raw.Port, n.raw.Addr = unix.AF_INET6, port, a.Addr().As16()
	n.len = unix.SizeofSockaddrInet6
	return n
}

// AddrPort converts back. What is no address is the zero value.
func (n *Name) AddrPort() netip.AddrPort {
	switch n.raw.Family {
	case unix.AF_INET:
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(&n.raw))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), four.Port<<8|four.Port>>8)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16(n.raw.Addr), n.raw.Port<<8|n.raw.Port>>8)
	}
	return netip.AddrPort{}
}

// Key is an address to look up by, cheaper than a [netip.AddrPort].
type Key struct {
	hi, lo uint64
	port   uint32 // and the family above it
}

// Key returns what stands for n.
func (n *Name) Key() Key {
	if n.raw.Family == unix.AF_INET {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(&n.raw))
		return Key{lo: uint64(*(*uint32)(unsafe.Pointer(&four.Addr))), port: uint32(four.Port)}
	}
	half := (*[2]uint64)(unsafe.Pointer(&n.raw.Addr[0]))
	return Key{hi: half[0], lo: half[1], port: uint32(n.raw.Port) | 1<<16}
}

// Send sends one packet on a socket that is connected.
func Send(fd int, b []byte) error { return sendTo(fd, b, nil, 0) }

// SendTo sends one packet.
func SendTo(fd int, b []byte, to *Name) error {
	return sendTo(fd, b, unsafe.Pointer(&to.raw), uintptr(to.len))
}

func sendTo(fd int, b []byte, name unsafe.Pointer, namelen uintptr) error {
	_, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(name), namelen)
	return errno(e)
}

// errno makes an error of what a system call returned, without a new one for
// each.
func errno(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}
