package relay

import (
	"net"
	"syscall"
)

// canForbidFragments says that packets can be sent with DF set. Where they
// can't, DONT-FRAGMENT is an attribute that is not understood: RFC 8656
// section 7.2.
const canForbidFragments = true

// forbidFragments sets or clears DF for what conn sends from now on. With DF,
// what the kernel believes about paths is left aside: the client measures, and
// a forged ICMP packet shall not do so for it.
func forbidFragments(conn *net.UDPConn, six, on bool) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = setFragments(int(fd), six, on) }); err != nil {
		return err
	}
	return failed
}

// setFragments is forbidFragments for a descriptor.
func setFragments(fd int, six, on bool) error {
	level, option, value := syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, syscall.IP_PMTUDISC_DONT
	switch {
	case six && on:
		level, option, value = syscall.IPPROTO_IPV6, syscall.IPV6_MTU_DISCOVER, syscall.IPV6_PMTUDISC_PROBE
	case six: // what it is from the start: who sends IPv6 always splits by what it knows of the path
		level, option, value = syscall.IPPROTO_IPV6, syscall.IPV6_MTU_DISCOVER, syscall.IPV6_PMTUDISC_WANT
	case on:
		value = syscall.IP_PMTUDISC_PROBE
	}
	return syscall.SetsockoptInt(fd, level, option, value)
}
