package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
	"golang.org/x/sys/unix"

	"github.com/ringfence/ringfence/internal/relaybench/rawudp"
)

const (
	realm  = "bench"
	secret = "benchmarks-have-no-secrets-to-keep" // of servers on loopback that live for seconds

	minRelayPort, maxRelayPort = 49152, 65535
	batch                      = 64
	probeSize                  = 160
	bufferSize                 = 4 << 20
)

// vanilla is pion/turn with its own parts, as its examples put them together,
// but for the queue of the socket, which gets what the others' get.
func vanilla(ctx context.Context, at netip.AddrPort) error {
	conn, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp4", at.String())
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if u, ok := conn.(*net.UDPConn); ok {
		_ = u.SetReadBuffer(bufferSize) // the lesser size is no fault
	}
	log := logging.NewDefaultLoggerFactory()
	log.Writer, log.DefaultLogLevel = io.Discard, logging.LogLevelDisabled
	s, err := turn.NewServer(turn.ServerConfig{
		Realm: realm, LoggerFactory: log, AuthHandler: turn.LongTermTURNRESTAuthHandler(secret, log.NewLogger("auth")),
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: conn, PermissionHandler: func(net.Addr, net.IP) bool { return true },
			RelayAddressGenerator: &turn.RelayAddressGeneratorPortRange{
				RelayAddress: at.Addr().AsSlice(), Address: at.Addr().String(), MinPort: minRelayPort, MaxPort: maxRelayPort, MaxRetries: 200,
			},
		}},
	})
	if err != nil {
		return fmt.Errorf("pion: %w", err)
	}
	<-ctx.Done()
	return s.Close()
}

// source sends packets of probeSize to the addresses in turn, by sendmmsg, and
// does nothing else.
func source(ctx context.Context, to string) error {
	runtime.LockOSThread()
	fd, err := probeSocket(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0))
	if err != nil {
		return err
	}
	hdrs, iovs, data := make([]unix.Mmsghdr, batch), make([]unix.Iovec, batch), make([]byte, probeSize)
	list := strings.Split(to, ",")
	names := make([][unix.SizeofSockaddrInet4]byte, len(list))
	for i, text := range list {
		a, err := netip.ParseAddrPort(text)
		if err != nil || !a.Addr().Is4() {
			return errUsage
		}
		ip := a.Addr().As4()
		binary.NativeEndian.PutUint16(names[i][:], unix.AF_INET)
		binary.BigEndian.PutUint16(names[i][2:], a.Port())
		copy(names[i][4:], ip[:])
	}
	for i := range hdrs {
		iovs[i].Base = &data[0]
		iovs[i].SetLen(len(data))
		h := &hdrs[i].Hdr
		h.Iov, h.Name, h.Namelen = &iovs[i], &names[i%len(names)][0], unix.SizeofSockaddrInet4
		h.SetIovlen(1)
	}
	for ctx.Err() == nil {
		rawudp.Send(fd, hdrs)
	}
	return nil
}

// pauseToFill lets a batch gather at a socket that is flooded.
const pauseToFill = 500 * time.Microsecond

var errNothingCame = errors.New("nothing came")

// sink receives by recvmmsg until SIGTERM, and then prints what a packet of a
// full batch took of this thread's time, in microseconds.
func sink(ctx context.Context, at netip.AddrPort) error {
	runtime.LockOSThread()
	fd, err := probeSocket(at)
	if err != nil {
		return err
	}
	const room = 2048
	hdrs, iovs, data, names := make([]unix.Mmsghdr, batch), make([]unix.Iovec, batch), make([]byte, batch*room), make([][unix.SizeofSockaddrInet4]byte, batch)
	for i := range hdrs {
		iovs[i].Base = &data[i*room]
		iovs[i].SetLen(room)
		h := &hdrs[i].Hdr
		h.Iov, h.Name, h.Namelen = &iovs[i], &names[i][0], unix.SizeofSockaddrInet4
		h.SetIovlen(1)
	}
	var spent int64
	packets := 0
	pause := unix.NsecToTimespec(int64(pauseToFill))
	for ctx.Err() == nil {
		before, err := threadTime()
		if err != nil {
			return err
		}
		n, _ := rawudp.Receive(fd, hdrs)
		after, err := threadTime()
		if err != nil {
			return err
		}
		if n == batch {
			spent += after - before
			packets += n
		} else {
			_ = unix.Nanosleep(&pause, nil)
		}
	}
	if packets == 0 {
		return errNothingCame
	}
	_, err = fmt.Fprintf(os.Stdout, "%.4f\n", float64(spent)/float64(packets)/1e3)
	return err
}

func threadTime() (int64, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0, fmt.Errorf("clock: %w", err)
	}
	return t.Nano(), nil
}

func probeSocket(at netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bufferSize)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, bufferSize)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: at.Addr().As4(), Port: int(at.Port())}); err != nil {
		return -1, fmt.Errorf("bind %v: %w", at, err)
	}
	return fd, nil
}
