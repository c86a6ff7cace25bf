package conformance

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"github.com/ringfence/ringfence/relay"
)

// client is one 5-tuple's client end.
type client struct {
	t       testing.TB
	conn    net.Conn
	stream  bool
	server  *server
	cred    relay.Credential
	realm   string
	nonce   string
	renews  bool     // takes a new nonce where the old one has become stale
	waiting [][]byte // came while another answer was waited for
	relayed netip.AddrPort
}

// dial opens a client of a leg that has not said anything yet.
func (s *server) dial(t testing.TB, network, leg string) *client {
	t.Helper()
	conn, err := dialNetwork(network, s.addr(t, network))
	if err != nil {
		t.Fatalf("dial %s: %v", network, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{t: t, conn: conn, stream: network == "tcp" || network == "tls", server: s, cred: s.credential(t, leg)}
	if network == "dtls" {
		c.settle()
	}
	return c
}

// settle waits until the server's end of a DTLS session is through with the
// handshake: what comes before, it may lose, as any datagram may be lost. Then
// a client sends again (RFC 8489 section 6.2.1); the rest of these tests count
// on what they sent.
func (c *client) settle() {
	c.t.Helper()
	buf := make([]byte, 1500)
	for range 100 {
		p := request(allocate).transport(17)
		c.write(p)
		for {
			_ = c.conn.SetReadDeadline(time.Now().Add(patience / 100))
			n, err := c.conn.Read(buf)
			if err != nil {
				break
			}
			if n >= headerLen && string(buf[8:headerLen]) == p.id() {
				return // answers come in order: none to an earlier one is on its way
			}
		}
	}
	c.t.Fatal("the DTLS session does not answer")
}

func dialNetwork(network string, to netip.AddrPort) (net.Conn, error) {
	switch network {
	case "tls":
		return tls.Dial("tcp", to.String(), &tls.Config{InsecureSkipVerify: true})
	case "dtls":
		socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at(to.Addr(), 0)))
		if err != nil {
			return nil, err
		}
		conn, err := dtls.ClientWithOptions(socket, net.UDPAddrFromAddrPort(to), dtls.WithInsecureSkipVerify(true))
		if err != nil {
			return nil, errors.Join(err, socket.Close())
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return conn, conn.HandshakeContext(ctx)
	}
	return net.Dial(network, to.String())
}

// login is dial, and the challenge.
func (s *server) login(t testing.TB, network, leg string) *client {
	t.Helper()
	c := s.dial(t, network, leg)
	c.challenge()
	return c
}

// allocated is login, and an allocation.
func (s *server) allocated(t testing.TB, network, leg string) *client {
	t.Helper()
	c := s.login(t, network, leg)
	c.mustAllocate(request(allocate).transport(17))
	return c
}

func (c *client) local() netip.AddrPort {
	return netip.MustParseAddrPort(c.conn.LocalAddr().String())
}

func (c *client) key() []byte { return longTermKey(c.cred.Username, c.realm, c.cred.Password) }

// challenge takes realm and nonce from the refusal of an unsigned request.
func (c *client) challenge() {
	c.t.Helper()
	m := c.ask(request(allocate).transport(17))
	c.wantCode(m, 401)
	realm, _ := m.find(attrRealm)
	nonce, _ := m.find(attrNonce)
	c.realm, c.nonce = string(realm), string(nonce)
}

// sign adds the attributes of the long-term credential mechanism.
func (c *client) sign(p packet) packet {
	return p.add(attrUsername, []byte(c.cred.Username)...).add(attrRealm, []byte(c.realm)...).
		add(attrNonce, []byte(c.nonce)...).integrity(c.key())
}

func (c *client) write(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// read returns the next packet or the next message of the stream.
func (c *client) read() ([]byte, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	if !c.stream {
		b := make([]byte, 65536)
		n, err := c.conn.Read(b)
		return b[:n], err
	}
	var head [4]byte
	if _, err := io.ReadFull(c.conn, head[:]); err != nil {
		return nil, err
	}
	size := len(head) + int(binary.BigEndian.Uint16(head[2:]))
	if head[0]&0xc0 == 0 {
		size += headerLen - len(head)
	} else {
		size = (size + 3) &^ 3
	}
	b := make([]byte, size)
	copy(b, head[:])
	_, err := io.ReadFull(c.conn, b[len(head):])
	return b, err
}

// next returns what came in first and was not an answer.
func (c *client) next() []byte {
	c.t.Helper()
	if len(c.waiting) > 0 {
		b := c.waiting[0]
		c.waiting = c.waiting[1:]
		return b
	}
	b, err := c.read()
	if err != nil {
		c.t.Fatalf("client: nothing came: %v", err)
	}
	return b
}

// ask sends a request and returns its answer.
func (c *client) ask(p packet) message {
	c.t.Helper()
	c.write(p)
	return c.answer(p)
}

// answer waits for the answer to p and checks what holds for every answer:
// RFC 8489 section 6.3.1.1.
func (c *client) answer(p packet) message {
	c.t.Helper()
	for {
		b, err := c.read()
		if err != nil {
			c.t.Fatalf("no answer to %#03x: %v", decodeMethod(p), err)
		}
		if b[0]&0xc0 != 0 || len(b) < headerLen || string(b[8:headerLen]) != p.id() {
			c.waiting = append(c.waiting, b)
			continue
		}
		m, err := decode(b)
		if err != nil {
			c.t.Fatalf("answer %x: %v", b, err)
		}
		if m.method != decodeMethod(p) || m.class != classSuccess && m.class != classError {
			c.t.Fatalf("answer of class %d and method %#03x to method %#03x", m.class, m.method, decodeMethod(p))
		}
		if m.has(attrIntegrity) && !m.signedBy(c.key()) {
			c.t.Fatalf("the answer's MESSAGE-INTEGRITY is wrong")
		}
		return m
	}
}

func decodeMethod(p packet) int {
	typ := int(binary.BigEndian.Uint16(p))
	return typ&0xf | typ>>1&0x70 | typ>>2&0xf80
}

// do signs a request and returns its answer, which must be signed as well:
// RFC 8489 section 9.2.4 asks it of every answer after the checks passed.
func (c *client) do(p packet) message {
	c.t.Helper()
	m := c.ask(c.sign(p))
	code, _ := m.code()
	if code == 438 && c.renews {
		nonce, _ := m.find(attrNonce)
		c.nonce = string(nonce)
		m = c.ask(c.sign(p))
		code, _ = m.code()
	}
	if code != 401 && code != 438 {
		c.wantSigned(m)
	}
	return m
}

func (c *client) wantSigned(m message) {
	c.t.Helper()
	if !m.signedBy(c.key()) {
		code, _ := m.code()
		c.t.Errorf("the answer (code %d) is not signed", code)
	}
	for _, kind := range []int{attrUsername, attrRealm, attrNonce} {
		if m.has(kind) {
			c.t.Errorf("a signed answer has attribute %#04x", kind)
		}
	}
}

// want sends a signed request and fails unless the answer has this code; 0 is
// success.
func (c *client) want(code int, p packet) message {
	c.t.Helper()
	m := c.do(p)
	c.wantCode(m, code)
	return m
}

func (c *client) wantCode(m message, want int) {
	c.t.Helper()
	got, err := m.code()
	if err != nil {
		c.t.Fatal(err)
	}
	if got != want {
		c.t.Fatalf("answer: got code %d, want %d (0 is success)", got, want)
	}
}

// mustAllocate sends an Allocate that has to succeed and checks the answer:
// RFC 8656 section 7.2.
func (c *client) mustAllocate(p packet) message {
	c.t.Helper()
	m := c.want(0, p)
	c.wantAllocated(m)
	return m
}

func (c *client) wantAllocated(m message) {
	c.t.Helper()
	relayed, err := m.addr(attrRelayed)
	if err != nil {
		c.t.Fatal(err)
	}
	mapped, err := m.addr(attrMapped)
	if err != nil {
		c.t.Fatal(err)
	}
	if mapped != c.local() {
		c.t.Errorf("XOR-MAPPED-ADDRESS: got %v, want %v", mapped, c.local())
	}
	if _, ok := m.lifetime(); !ok {
		c.t.Error("no LIFETIME")
	}
	c.relayed = relayed
}

// silent fails if the relay says anything to b. The answer to a Binding marks
// the end: the relay handles what one client says in order.
func (c *client) silent(b []byte) {
	c.t.Helper()
	c.write(b)
	c.quiet()
}

// quiet fails if anything has come but the answer to a Binding.
func (c *client) quiet() {
	c.t.Helper()
	mark := request(binding)
	c.wantCode(c.ask(mark), 0)
	if len(c.waiting) > 0 {
		c.t.Errorf("the relay said %x, want nothing", c.waiting[0])
		c.waiting = nil
	}
}

// wantData fails unless the next thing is a Data indication: RFC 8656
// section 11.3.
func (c *client) wantData(from netip.AddrPort, data string) {
	c.t.Helper()
	m, err := decode(c.next())
	if err != nil {
		c.t.Fatal(err)
	}
	if m.class != classIndication || m.method != dataMethod {
		c.t.Fatalf("got class %d, method %#03x, want a Data indication", m.class, m.method)
	}
	src, err := m.addr(attrPeer)
	if err != nil {
		c.t.Fatal(err)
	}
	got, ok := m.find(attrData)
	if !ok || string(got) != data || src != from {
		c.t.Fatalf("got %q (DATA there: %v) from %v, want %q from %v", got, ok, src, data, from)
	}
}

// wantChannel fails unless the next thing is a ChannelData message: RFC 8656
// section 12.5. Over UDP padding may be there.
func (c *client) wantChannel(number uint16, data string) {
	c.t.Helper()
	got := c.next()
	want := channelData(number, []byte(data))
	if !bytes.Equal(got, pad4(bytes.Clone(want))) && (c.stream || !bytes.Equal(got, want)) {
		c.t.Fatalf("got %x, want ChannelData %x", got, want)
	}
}

// channel sends ChannelData as the transport wants it.
func (c *client) channel(number uint16, data string) {
	c.t.Helper()
	b := channelData(number, []byte(data))
	if c.stream {
		b = pad4(b)
	}
	c.write(b)
}

func (c *client) send(to netip.AddrPort, data string) {
	c.t.Helper()
	c.write(indication(sendMethod).peers(to).add(attrData, []byte(data)...))
}

func (c *client) permit(peers ...netip.AddrPort) {
	c.t.Helper()
	c.want(0, request(createPermission).peers(peers...))
}

func (c *client) bind(number uint16, to netip.AddrPort) {
	c.t.Helper()
	c.want(0, request(channelBind).channel(number).peers(to))
}

// wantEnd fails unless the relay ends the stream.
func (c *client) wantEnd() {
	c.t.Helper()
	for range 8 {
		if _, err := c.read(); errors.Is(err, os.ErrDeadlineExceeded) {
			c.t.Fatal("the stream is still open")
		} else if err != nil {
			return
		}
	}
	c.t.Fatal("the stream goes on")
}

// transports runs a test over each transport between client and relay.
func transports(t *testing.T, run func(t *testing.T, network string)) {
	t.Helper()
	for _, network := range []string{"udp", "tcp", "tls", "dtls"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			run(t, network)
		})
	}
}
