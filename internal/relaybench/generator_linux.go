package relaybench

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const (
	socketBuffer  = 4 << 20 // bytes of a socket's queue
	perClientAddr = 1000    // clients that share an address of loopback
	spareFiles    = 64      // open files beside the sockets
	drainRounds   = 16      // of batchLen packets of one socket before the others have their turn
)

var (
	errFiles  = errors.New("too few open files are allowed")
	errListen = errors.New("nothing listens there: start the server first, and look at the port")
)

// client is one allocation, seen from its owner.
type client struct {
	identity
	fd      int
	relayed netip.AddrPort
	raw     rawAddr // relayed

	// Of the request that is under way.
	at    step
	wire  []byte
	due   time.Duration
	tries int
	ports int // that it tried
	stale int // nonces that were too old
}

// peer is a socket that allocations reach.
type peer struct {
	fd int
	at netip.AddrPort
}

// generator owns the sockets of clients and peers of one number of allocations.
type generator struct {
	o       *Options
	began   time.Time
	ep      int
	clients []client
	peers   []peer
	in      *inbox
	events  [256]unix.EpollEvent
	tag     uint32 // of the latest case
	retries int

	permitted time.Duration // when the permissions were last asked for
	paired    bool
}

// open makes all sockets for n allocations. Nothing is sent.
func open(o *Options, n int) (_ *generator, err error) {
	if err := allowFiles(n + o.PeerPorts + spareFiles); err != nil {
		return nil, err
	}
	g := &generator{o: o, began: time.Now(), in: newInbox(), clients: make([]client, n), ep: -1}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	var seed [4]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return nil, fmt.Errorf("random: %w", err)
	}
	g.tag = binary.BigEndian.Uint32(seed[:])
	if g.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	for i := range g.clients {
		g.clients[i].fd = -1
	}
	for i := range g.clients {
		c := &g.clients[i]
		if c.username, c.password, err = o.Mint(i); err != nil {
			return nil, fmt.Errorf("credential: %w", err)
		}
		if err := g.openClient(i); err != nil {
			return nil, err
		}
	}
	if err := g.openPeers(min(o.PeerPorts, n)); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *generator) openPeers(n int) error {
	for i := range n {
		fd, at, err := socket(g.o.Peer, netip.AddrPort{})
		if err != nil {
			return fmt.Errorf("socket of a peer at %v: %w", g.o.Peer, err)
		}
		g.peers = append(g.peers, peer{fd, at})
		if err := g.watch(fd, i, ofPeer); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) openClient(i int) error {
	at := g.o.Client
	if at.Is4() && at.IsLoopback() {
		ip := at.As4()
		binary.BigEndian.PutUint32(ip[:], binary.BigEndian.Uint32(ip[:])+uint32(i/perClientAddr&0xffff))
		at = netip.AddrFrom4(ip)
	}
	fd, _, err := socket(at, g.o.Server)
	if err != nil {
		return fmt.Errorf("socket of a client at %v: %w", at, err)
	}
	g.clients[i].fd = fd
	return g.watch(fd, i, ofClient)
}

// watch has poll tell of what comes at fd: at client number i, or at that peer.
func (g *generator) watch(fd, i int, whose int32) error {
	if err := unix.EpollCtl(g.ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i & math.MaxInt32), Pad: whose}); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	return nil
}

// socket opens one at an address of this machine, connected where to is valid.
func socket(at netip.Addr, to netip.AddrPort) (fd int, bound netip.AddrPort, err error) {
	family := unix.AF_INET6
	if at.Is4() {
		family = unix.AF_INET
	}
	if fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, bound, fmt.Errorf("open: %w", err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
			fd = -1
		}
	}()
	// Beyond what the system allows to everybody where we may; the lesser size is no fault.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, socketBuffer)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, socketBuffer)
	if err = unix.Bind(fd, sockaddr(netip.AddrPortFrom(at, 0))); err != nil {
		return fd, bound, fmt.Errorf("bind: %w", err)
	}
	if to.IsValid() {
		if err = unix.Connect(fd, sockaddr(to)); err != nil {
			return fd, bound, fmt.Errorf("connect: %w", err)
		}
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return fd, bound, fmt.Errorf("getsockname: %w", err)
	}
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		bound = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port&0xffff))
	case *unix.SockaddrInet6:
		bound = netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port&0xffff))
	}
	return fd, bound, nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
}

// close closes all sockets.
func (g *generator) close() {
	for _, c := range g.clients {
		if c.fd >= 0 {
			_ = unix.Close(c.fd)
		}
	}
	for _, p := range g.peers {
		_ = unix.Close(p.fd)
	}
	if g.ep >= 0 {
		_ = unix.Close(g.ep)
	}
}

// now is the clock of everything here.
func (g *generator) now() time.Duration { return time.Since(g.began) }

// peerOf is the index of the peer of allocation i. Neighbours share one.
func (g *generator) peerOf(i int) int { return i * len(g.peers) / len(g.clients) }

// Whose a socket is, in what epoll keeps of it.
const (
	ofClient int32 = iota
	ofPeer
)

// poll takes what has come, without waiting, and reports whether that was
// anything. take gets the index of the client, or of the peer, and how many
// packets of it lie in g.in.
func (g *generator) poll(take func(i int, atPeer bool, n int)) (bool, error) {
	n, err := unix.EpollWait(g.ep, g.events[:], 0)
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("epoll: %w", err)
	}
	var refused error
	for _, ev := range g.events[:n] {
		i, atPeer := int(ev.Fd), ev.Pad == ofPeer
		var fd int
		if atPeer {
			fd = g.peers[i].fd
		} else {
			fd = g.clients[i].fd
		}
		for range drainRounds {
			k, errno := g.in.receive(fd)
			if errno == unix.ECONNREFUSED && !atPeer {
				refused = fmt.Errorf("%v: %w", g.o.Server, errListen)
			}
			if k > 0 {
				take(i, atPeer, k)
			}
			if k < batchLen {
				break
			}
		}
	}
	return n > 0, refused
}

// allowFiles sees to it that so many files can be open.
func allowFiles(need int) error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	files := uint64(max(need, 0))
	if l.Cur >= files {
		return nil
	}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: max(l.Max, files)}) != nil {
		return fmt.Errorf("%w: %d, and this takes %d; run \"ulimit -n %d\" in this shell as root, or ask for fewer with --allocations", errFiles, l.Max, need, need)
	}
	return nil
}

// complete fills in the addresses that were left out.
func (o *Options) complete(ctx context.Context) error {
	if o.Client.IsValid() && o.Peer.IsValid() {
		return nil
	}
	var own, other netip.Addr
	switch ip := o.Server.Addr(); {
	case ip.Is4() && ip.IsLoopback():
		own, other = netip.AddrFrom4([4]byte{127, 0, 1, 1}), netip.AddrFrom4([4]byte{127, 0, 2, 1})
		if ip == own || ip == other {
			own, other = netip.AddrFrom4([4]byte{127, 0, 3, 1}), netip.AddrFrom4([4]byte{127, 0, 4, 1})
		}
	default:
		// To connect a socket asks for the route and sends nothing.
		conn, err := (&net.Dialer{}).DialContext(ctx, "udp", o.Server.String())
		if err != nil {
			return fmt.Errorf("no way to the server: %w", err)
		}
		defer func() { _ = conn.Close() }()
		if a, ok := conn.LocalAddr().(*net.UDPAddr); ok {
			own = a.AddrPort().Addr().Unmap().WithZone("")
		}
		other = own
	}
	if !o.Client.IsValid() {
		o.Client = own
	}
	if !o.Peer.IsValid() {
		o.Peer = other
	}
	return nil
}
