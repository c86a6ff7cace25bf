package conformance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/relay"
)

func TestRFC8656_12_2_ChannelNumbers(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for number, code := range map[uint16]int{
		0: 400, 1: 400, 0x3fff: 400, 0x4000: 0, 0x4001: 0, 0x4ffe: 0, 0x4fff: 0,
		0x5000: 400, 0x7ffe: 400, 0x7fff: 400, 0x8000: 400, 0xffff: 400,
	} {
		t.Run(fmt.Sprintf("%#04x", number), func(t *testing.T) {
			t.Parallel()
			transports(t, func(t *testing.T, network string) {
				c := s.allocated(t, network, fmt.Sprintf("leg%x", number))
				p := newPeer(t, loopback4)
				c.want(code, request(channelBind).channel(number).peers(p.addr))
				c.permit(p.addr)
				p.send(c.relayed, "data")
				if code != 0 {
					c.wantData(p.addr, "data") // nothing was bound
					return
				}
				c.wantChannel(number, "data")
				c.channel(number, "and back")
				p.expect(c.relayed, "and back")
			})
		})
	}
}

// The two bytes after the number are reserved.
func TestRFC8656_18_1_ReservedBitsOfTheNumber(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "udp", "a")
	p := newPeer(t, loopback4)
	c.want(0, request(channelBind).add(attrChannel, 0x40, 0, 0xff, 0xff).peers(p.addr))
	c.channel(0x4000, "data")
	p.expect(c.relayed, "data")
}

func TestRFC8656_12_2_Malformed400(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := at(loopback4, 4000)
		for name, b := range map[string]packet{
			"no number":           request(channelBind).peers(p),
			"no peer":             request(channelBind).channel(0x4000),
			"neither":             request(channelBind),
			"number of two bytes": request(channelBind).add(attrChannel, 0x40, 0).peers(p),
			"malformed peer":      request(channelBind).channel(0x4000).add(attrPeer, 0, 1, 0),
			"peer of family 3":    request(channelBind).channel(0x4000).add(attrPeer, 0, 3, 0, 0, 1, 2, 3, 4),
		} {
			t.Run(name, func(t *testing.T) {
				c.t = t
				c.want(400, b)
			})
		}
	})
}

// The same again is a refresh.
func TestRFC8656_12_2_SameBindingAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		for range 3 {
			c.bind(0x4000, p.addr)
		}
		c.channel(0x4000, "still bound")
		p.expect(c.relayed, "still bound")
	})
}

// A channel has one peer and a peer one channel, and a refused request leaves
// both as they were.
func TestRFC8656_12_2_Conflicts400(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		one, two := newPeer(t, loopback4), newPeer(t, loopback4)
		c.bind(0x4000, one.addr)
		c.want(400, request(channelBind).channel(0x4000).peers(two.addr))
		c.want(400, request(channelBind).channel(0x4001).peers(one.addr))
		c.channel(0x4001, "not to be seen")
		c.channel(0x4000, "to be seen")
		one.expect(c.relayed, "to be seen")
		two.send(c.relayed, "from an address with a permission")
		c.wantData(two.addr, "from an address with a permission")
		c.bind(0x4001, two.addr) // another port is another peer
		c.channel(0x4001, "to number two")
		two.expect(c.relayed, "to number two")
		one.send(c.relayed, "one")
		c.wantChannel(0x4000, "one")
	})
}

func TestRFC8656_12_2_Forbidden403(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		c.want(403, request(channelBind).channel(0x4000).peers(at(forbidden, 4000)))
		p := newPeer(t, loopback4)
		c.bind(0x4000, p.addr) // the number is still free
	})
}

func TestRFC8656_12_2_OtherFamily443(t *testing.T) {
	t.Parallel()
	s := newServer(t, both)
	transports(t, func(t *testing.T, network string) {
		s.allocated(t, network, "a").want(443, request(channelBind).channel(0x4000).peers(at(loopback6, 4000)))
	})
}

// More channels than there is room for: 508, and those that are there work on.
func TestRFC8656_12_2_Capacity508(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *relay.Config) { c.Limits.Channels = 2 })
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		one, two, three := newPeer(t, loopback4), newPeer(t, loopback4), newPeer(t, loopback4)
		c.bind(0x4000, one.addr)
		c.bind(0x4001, two.addr)
		c.want(508, request(channelBind).channel(0x4002).peers(three.addr))
		c.bind(0x4001, two.addr)
		c.channel(0x4000, "still there")
		one.expect(c.relayed, "still there")
	})
}

// A binding is a permission as well: for the address, whatever the port.
func TestRFC8656_12_2_BindingPermits(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p, other := newPeer(t, loopback4), newPeer(t, loopback4)
		c.bind(0x4fff, p.addr)
		p.send(c.relayed, "by channel")
		c.wantChannel(0x4fff, "by channel")
		other.send(c.relayed, "by indication")
		c.wantData(other.addr, "by indication")
		c.send(other.addr, "sent")
		other.expect(c.relayed, "sent")
	})
}

// A client may send either way to a bound peer; the server answers by the
// channel alone.
func TestRFC8656_12_5_SendToABoundPeer(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		c.permit(p.addr)
		p.send(c.relayed, "before")
		c.wantData(p.addr, "before")
		c.bind(0x4000, p.addr)
		c.send(p.addr, "indication")
		p.expect(c.relayed, "indication")
		c.channel(0x4000, "channel")
		p.expect(c.relayed, "channel")
		p.send(c.relayed, "after")
		c.wantChannel(0x4000, "after")
	})
}

// Numbers are an allocation's own.
func TestRFC8656_12_ChannelsAreOfOneAllocation(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	one, two := s.allocated(t, "udp", "a"), s.allocated(t, "udp", "a")
	p, q := newPeer(t, loopback4), newPeer(t, loopback4)
	one.bind(0x4000, p.addr)
	two.channel(0x4000, "no")
	two.bind(0x4000, q.addr)
	two.bind(0x4001, p.addr)
	one.channel(0x4000, "of number one")
	p.expect(one.relayed, "of number one")
	two.channel(0x4000, "of number two")
	q.expect(two.relayed, "of number two")
}

// Whatever the length, what goes in comes out, at once: a stream's padding is
// the sender's business and none of the data, and nothing waits for more.
func TestRFC8656_12_5_EveryLength(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		c.bind(0x4abc, p.addr)
		for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 1199, 1200} {
			data := strings.Repeat("d", n)
			c.channel(0x4abc, data)
			p.expect(c.relayed, data)
			p.send(c.relayed, data)
			c.wantChannel(0x4abc, data)
		}
	})
}

// Over UDP padding may be there.
func TestRFC8656_12_5_PaddingOverUDP(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "udp", "a")
	p := newPeer(t, loopback4)
	c.bind(0x4000, p.addr)
	c.write(pad4(channelData(0x4000, []byte("five!"))))
	p.expect(c.relayed, "five!")
	c.write(append(channelData(0x4000, []byte("five!")), 0xff, 0xff, 0xff))
	p.expect(c.relayed, "five!")
}

// Over TCP messages stand one after the other, each padded.
func TestRFC8656_12_5_PaddingOverTCP(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "tcp", "a")
	p := newPeer(t, loopback4)
	c.bind(0x4000, p.addr)
	mark := request(binding)
	c.write(bytes.Join([][]byte{
		pad4(channelData(0x4000, []byte("a"))), append(channelData(0x4000, []byte("bb")), 0xff, 0xff),
		pad4(channelData(0x4000, nil)), mark, pad4(channelData(0x4000, []byte("one more"))),
	}, nil))
	for _, want := range []string{"a", "bb", "", "one more"} {
		p.expect(c.relayed, want)
	}
	c.wantCode(c.answer(mark), 0)
}

func TestRFC8656_12_6_ChannelDataThatIsDropped(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "udp", "a")
	p := newPeer(t, loopback4)
	c.bind(0x4000, p.addr)
	long := channelData(0x4000, []byte("no"))
	binary.BigEndian.PutUint16(long[2:], 3)
	longest := channelData(0x4000, []byte("no"))
	binary.BigEndian.PutUint16(longest[2:], 0xffff)
	for name, b := range map[string][]byte{
		"a number that is not bound":  channelData(0x4001, []byte("no")),
		"longer than its packet":      long,
		"much longer than its packet": longest,
		"half a header":               {0x40, 0},
		"a reserved number":           channelData(0x5000, []byte("no")),
		"the highest number of old":   channelData(0x7fff, []byte("no")),
		"RTP":                         channelData(0x8000, []byte("no")),
		"the highest number":          channelData(0xffff, []byte("no")),
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			c.silent(b)
		})
	}
	c.t = t
	c.channel(0x4000, "yes")
	p.expect(c.relayed, "yes")
}

// On a stream, too, a channel that is not bound costs the message alone.
func TestRFC8656_12_6_UnboundChannelOnAStream(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "tcp", "a")
	p := newPeer(t, loopback4)
	c.bind(0x4000, p.addr)
	c.channel(0x4001, "not to be seen")
	c.channel(0x4000, "to be seen")
	p.expect(c.relayed, "to be seen")
	c.quiet()
}

// A bound channel is no way round what may not be reached: the packets are
// judged, not the request alone.
func TestRFC8656_12_2_ServicePortIsNotReached(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "udp", "a")
	p := newPeer(t, loopback4)
	code, err := c.do(request(channelBind).channel(0x4001).peers(at(loopback4, 53))).code()
	if err != nil || code != 0 && code != 403 {
		t.Errorf("ChannelBind to a service's port: got %d (%v), want 403, or silence later", code, err)
	}
	c.bind(0x4000, p.addr)
	c.channel(0x4001, "no")
	c.channel(0x4000, "yes")
	p.expect(c.relayed, "yes")
	c.quiet()
}
