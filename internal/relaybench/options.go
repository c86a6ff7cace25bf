package relaybench

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of what can be asked for.
const (
	MaxAllocations = 100_000
	MinSize        = 16   // bytes of payload; the stamp of a packet takes 12
	MaxSize        = 1400 // bytes of payload, so that no packet is fragmented
	MaxBurst       = 32
	MaxPeerPorts   = 1024
	MaxInFlight    = 1024
	maxCases       = 1000
	maxAgain       = 10
	maxMeasure     = time.Minute
)

// Direction is the way that packets take.
type Direction string

// The directions. A packet of Echo is relayed twice, and counted twice; one of
// Pair takes two allocations of the server, and is counted once.
const (
	ToPeer   Direction = "to-peer"   // client, relay, peer
	ToClient Direction = "to-client" // peer, relay, client
	Echo     Direction = "echo"      // client, relay, peer, and back
	Pair     Direction = "pair"      // client, relay, relay, another client
)

// Directions lists all directions.
func Directions() []Direction { return []Direction{ToPeer, ToClient, Echo, Pair} }

// Shape is what is sent for an allocation at a time: so many packets of so many
// bytes of payload, one right after another.
type Shape struct {
	Size  int `json:"size"`
	Burst int `json:"burst"`
}

// Text is the shape as [ParseShape] reads it: 1200x8.
func (s Shape) Text() string { return fmt.Sprintf("%dx%d", s.Size, s.Burst) }

// Shapes are the four that are always shown together: audio, and video in
// bursts of 1, 2 and 8. The last alone would flatter.
func Shapes() []Shape { return []Shape{{160, 1}, {1200, 1}, {1200, 2}, {1200, 8}} }

// Mint makes the credential of allocation i.
type Mint func(i int) (username, password string, err error)

// Options say what is measured, and how.
type Options struct {
	// Server is reached over UDP. It is the only address that gets anything.
	Server netip.AddrPort

	// Mint is called once for each allocation.
	Mint Mint

	// PID is the process of the server on this machine; 0 where there is none
	// to look at. Without it there is no figure of processor time or memory.
	PID int

	// Allocations are the numbers of allocations that are measured in turn.
	Allocations []int

	Shapes     []Shape
	Directions []Direction

	// Rates are the loads: relayed packets a second, evenly spread; 0 offers
	// more than the server can carry.
	Rates []int

	// Warm and Measure are how long each case runs before and while it counts.
	Warm, Measure time.Duration

	// Client and Peer are the addresses of this machine that the sockets of
	// clients and peers have. The zero value is an address of loopback towards
	// a server there, and else the one that the route to the server has.
	Client, Peer netip.Addr

	// PeerPorts is how many sockets the peers share; at most one for each
	// allocation.
	PeerPorts int

	// GSO lets the generator hand a burst to the kernel as one piece, which
	// makes it cheaper to offer more. The server gets single packets, unless it
	// asks for whole pieces (UDP_GRO); the report says that it was on.
	GSO bool

	// InFlight is how many allocations are set up at a time.
	InFlight int

	// CPU is the core that the generator's thread stays on; negative for any.
	CPU int

	// Beside is the core of the server, where a busy thread takes half of the time
	// while a load of rate 0 runs: else a server that is cheaper than the generator
	// is never offered more than it can carry. Negative for none.
	Beside int

	// Bare says that the server is no TURN server but the forwarder of package
	// bare, which knows only the way to peers.
	Bare bool

	// Again is how often a case is measured again while other work on this
	// machine disturbs it; the one that was disturbed least counts.
	Again int

	// SetupOnly leaves out all but the set-up.
	SetupOnly bool

	// Progress is told what is under way; nil for nobody.
	Progress func(doing string, done, all int)
}

// Defaults returns options without a server, for the defaults of a command.
func Defaults() Options {
	return Options{
		Allocations: []int{1, 100, 1000}, Shapes: Shapes(), Directions: []Direction{ToPeer, ToClient, Echo}, Rates: []int{0},
		Warm: 200 * time.Millisecond, Measure: time.Second, PeerPorts: 4, InFlight: 32, CPU: -1, Beside: -1,
	}
}

// ErrLinuxOnly is what [Measure] returns where it cannot measure.
var ErrLinuxOnly = errors.New("the load generator is for Linux only")

var (
	errNoServer    = errors.New("there is no server to measure")
	errNoMint      = errors.New("there is no credential")
	errCases       = fmt.Errorf("more than %d cases: ask for fewer allocations, shapes, directions or rates", maxCases)
	errShape       = fmt.Errorf("a shape is BYTESxBURST, such as 1200x8: %d to %d bytes, 1 to %d packets", MinSize, MaxSize, MaxBurst)
	errDirection   = errors.New("a direction is one of to-peer, to-client, echo, pair")
	errAllocations = fmt.Errorf("the number of allocations is from 1 to %d", MaxAllocations)
	errRate        = errors.New("a rate is from 1 to 10000000 packets a second, or 0 for as many as it takes")
	errTimes       = fmt.Errorf("a case is measured for 10 ms to %v, after a warm-up of at most as much", maxMeasure)
	errPeerPorts   = fmt.Errorf("the peers have from 1 to %d ports", MaxPeerPorts)
	errInFlight    = fmt.Errorf("from 1 to %d allocations are set up at a time", MaxInFlight)
	errAgain       = fmt.Errorf("a case is measured again up to %d times", maxAgain)
	errBare        = errors.New("the bare forwarder knows only the way to peers")
	errFamily      = errors.New("clients and peers have addresses of the server's family")
)

// Check says what is wrong with o, all at once.
func (o *Options) Check() error {
	var errs []error
	bad := func(is bool, err error) {
		if is {
			errs = append(errs, err)
		}
	}
	bad(!o.Server.IsValid() || o.Server.Port() == 0, errNoServer)
	bad(o.Mint == nil, errNoMint)
	bad(len(o.Allocations) == 0 || slices.ContainsFunc(o.Allocations, func(n int) bool { return n < 1 || n > MaxAllocations }), errAllocations)
	bad(slices.ContainsFunc(o.Shapes, func(s Shape) bool { return !s.valid() }) || len(o.Shapes) == 0, errShape)
	bad(slices.ContainsFunc(o.Directions, func(d Direction) bool { return !slices.Contains(Directions(), d) }) || len(o.Directions) == 0, errDirection)
	bad(slices.ContainsFunc(o.Rates, func(r int) bool { return r < 0 || r > 10_000_000 }) || len(o.Rates) == 0, errRate)
	bad(o.Measure < 10*time.Millisecond || o.Measure > maxMeasure || o.Warm < 0 || o.Warm > maxMeasure, errTimes)
	bad(o.Bare && !slices.Equal(o.Directions, []Direction{ToPeer}), errBare)
	bad(o.Again < 0 || o.Again > maxAgain, errAgain)
	bad(o.PeerPorts < 1 || o.PeerPorts > MaxPeerPorts, errPeerPorts)
	bad(o.InFlight < 1 || o.InFlight > MaxInFlight, errInFlight)
	bad(len(o.Allocations)*len(o.Shapes)*len(o.Directions)*len(o.Rates) > maxCases, errCases)
	for _, a := range []netip.Addr{o.Client, o.Peer} {
		bad(a.IsValid() && a.Is4() != o.Server.Addr().Is4(), errFamily)
	}
	return errors.Join(errs...)
}

func (s Shape) valid() bool {
	return s.Size >= MinSize && s.Size <= MaxSize && s.Burst >= 1 && s.Burst <= MaxBurst
}

// ParseShape reads BYTESxBURST; without a burst it is 1.
func ParseShape(text string) (Shape, error) {
	size, burst, both := strings.Cut(text, "x")
	s := Shape{Burst: 1}
	var err error
	if s.Size, err = strconv.Atoi(size); err != nil {
		return Shape{}, fmt.Errorf("%w: %q", errShape, text)
	}
	if both {
		if s.Burst, err = strconv.Atoi(burst); err != nil {
			return Shape{}, fmt.Errorf("%w: %q", errShape, text)
		}
	}
	if !s.valid() {
		return Shape{}, fmt.Errorf("%w: %q", errShape, text)
	}
	return s, nil
}

// ParseDirection reads the name of a direction.
func ParseDirection(text string) (Direction, error) {
	if d := Direction(text); slices.Contains(Directions(), d) {
		return d, nil
	}
	return "", fmt.Errorf("%w: %q", errDirection, text)
}

// Target is a URL of TURN, taken apart.
type Target struct {
	Host string
	Port uint16
}

var errURL = errors.New("the server is named by a URL like turn:HOST:3478; only UDP is measured")

// ParseTarget reads turn:HOST[:PORT][?transport=udp].
func ParseTarget(url string) (Target, error) {
	rest, ok := strings.CutPrefix(url, "turn:")
	if !ok {
		return Target{}, fmt.Errorf("%w: %q", errURL, url)
	}
	at, query, has := strings.Cut(rest, "?")
	if has && query != "transport=udp" {
		return Target{}, fmt.Errorf("%w: %q", errURL, url)
	}
	t := Target{Host: at, Port: 3478}
	if i := strings.LastIndexByte(at, ':'); i >= 0 && !strings.HasSuffix(at, "]") && (strings.Count(at, ":") == 1 || at[i-1] == ']') {
		port, err := strconv.ParseUint(at[i+1:], 10, 16)
		if err != nil || port == 0 {
			return Target{}, fmt.Errorf("%w: %q", errURL, url)
		}
		t.Host, t.Port = at[:i], uint16(port)
	}
	t.Host = strings.TrimSuffix(strings.TrimPrefix(t.Host, "["), "]")
	if t.Host == "" {
		return Target{}, fmt.Errorf("%w: %q", errURL, url)
	}
	return t, nil
}
