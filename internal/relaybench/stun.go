package relaybench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/pion/stun/v4"
)

// step is a request of an allocation's life, in their order.
type step int

const (
	challenge  step = iota // Allocate without a credential, for realm and nonce
	allocate               // Allocate
	permission             // CreatePermission
	bind                   // ChannelBind
	release                // Refresh to a lifetime of 0
)

// String is what people are told.
func (s step) String() string {
	return [...]string{"Allocate without a credential", "Allocate", "CreatePermission", "ChannelBind", "Refresh"}[s]
}

const (
	allocationLife = 600    // seconds that are asked for
	overUDP        = 17     // of REQUESTED-TRANSPORT
	firstChannel   = 0x4000 // of every allocation, towards its peer
	pairChannel    = 0x4001 // towards the allocation that it is a pair with
)

// identity is who a client is towards the server.
type identity struct {
	username, password string
	realm, nonce       string
	key                stun.MessageIntegrity
}

// challenged takes realm and nonce from an answer.
func (c *identity) challenged(m *stun.Message) error {
	var realm stun.Realm
	var nonce stun.Nonce
	if err := errors.Join(realm.GetFrom(m), nonce.GetFrom(m)); err != nil {
		return fmt.Errorf("a challenge without realm or nonce: %w", err)
	}
	if c.realm != realm.String() || c.key == nil {
		c.key = stun.NewLongTermIntegrity(c.username, realm.String(), c.password)
	}
	c.realm, c.nonce = realm.String(), nonce.String()
	return nil
}

// request makes the message of a step.
func (c *identity) request(s step, channel uint16, peer netip.AddrPort) ([]byte, error) {
	method := map[step]stun.Method{
		challenge: stun.MethodAllocate, allocate: stun.MethodAllocate, permission: stun.MethodCreatePermission,
		bind: stun.MethodChannelBind, release: stun.MethodRefresh,
	}[s]
	m, err := stun.Build(stun.TransactionID, stun.NewType(method, stun.ClassRequest))
	if err != nil {
		return nil, fmt.Errorf("%v: %w", s, err)
	}
	four := func(a stun.AttrType, v uint32) { m.Add(a, binary.BigEndian.AppendUint32(nil, v)) }
	to := stun.XORMappedAddress{IP: peer.Addr().AsSlice(), Port: int(peer.Port())}
	switch s {
	case challenge, allocate:
		four(stun.AttrRequestedTransport, overUDP<<24)
		four(stun.AttrLifetime, allocationLife)
		if peer.Addr().Is6() {
			four(stun.AttrRequestedAddressFamily, 2<<24)
		}
	case permission:
		err = to.AddToAs(m, stun.AttrXORPeerAddress)
	case bind:
		four(stun.AttrChannelNumber, uint32(channel)<<16)
		err = to.AddToAs(m, stun.AttrXORPeerAddress)
	case release:
		four(stun.AttrLifetime, 0)
	}
	if err == nil && s != challenge {
		err = errors.Join(stun.NewUsername(c.username).AddTo(m), stun.NewRealm(c.realm).AddTo(m), stun.NewNonce(c.nonce).AddTo(m), c.key.AddTo(m))
	}
	if err != nil {
		return nil, fmt.Errorf("%v: %w", s, err)
	}
	return m.Raw, nil
}

// answer is what matters of one.
type answer struct {
	code    int // 0: success
	message *stun.Message
}

// readAnswer reads b as the answer to the request want; ok is false where it is
// something else.
func readAnswer(b, want []byte) (a answer, ok bool) {
	if !stun.IsMessage(b) || len(want) < 20 || string(b[8:20]) != string(want[8:20]) {
		return answer{}, false
	}
	m := &stun.Message{Raw: append([]byte(nil), b...)}
	if m.Decode() != nil {
		return answer{}, false
	}
	switch m.Type.Class {
	case stun.ClassSuccessResponse:
		return answer{message: m}, true
	case stun.ClassErrorResponse:
		var code stun.ErrorCodeAttribute
		if code.GetFrom(m) != nil {
			return answer{}, false
		}
		return answer{code: int(code.Code), message: m}, true
	case stun.ClassRequest, stun.ClassIndication:
	}
	return answer{}, false
}

// relayedAddress is the address that an allocation got.
func relayedAddress(m *stun.Message) (netip.AddrPort, error) {
	var x stun.XORMappedAddress
	if err := x.GetFromAs(m, stun.AttrXORRelayedAddress); err != nil {
		return netip.AddrPort{}, fmt.Errorf("an allocation without an address: %w", err)
	}
	ip, ok := netip.AddrFromSlice(x.IP)
	if !ok || x.Port < 1 || x.Port > 65535 {
		return netip.AddrPort{}, errNoRelayed
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(x.Port)), nil
}

var (
	errNoRelayed  = errors.New("an allocation without an address")
	errCredential = errors.New("the server refuses the credential (401): the user name, the password or the secret is another one there")
	errForbidden  = errors.New("the server refuses the peer (403), which is an address of this machine. Allow it there while you measure: ringfence relay --turn-allow-own-addresses on, or --turn-allow-peers with the network of --peer-ip; coturn --allow-loopback-peers, or --allowed-peer-ip; or name another address of this machine with --peer-ip")
	errQuota      = errors.New("the server has a limit of allocations for a user or a network (486). Raise it there while you measure: ringfence relay --turn-limits-per-user, --turn-limits-per-prefix, --turn-limits-per-secret; coturn --user-quota and --total-quota; or ask for fewer with --allocations")
	errFull       = errors.New("the server has no room for more allocations (508). Raise it there while you measure: ringfence relay --turn-limits-allocations, and ports by --turn-min-port and --turn-max-port, with one open file for each (ulimit -n); coturn --min-port and --max-port; or ask for fewer with --allocations")
	errAnother    = errors.New("the server sends its clients to another one (300); name that one")
	errRefused    = errors.New("the server refuses")
)

// explain says in words what a server's answer means.
func explain(s step, code, i int) error {
	why := map[int]error{300: errAnother, 401: errCredential, 403: errForbidden, 486: errQuota, 508: errFull}[code]
	if why == nil {
		why = fmt.Errorf("%w (%d)", errRefused, code)
	}
	return fmt.Errorf("%v of allocation %d: %w", s, i+1, why)
}
