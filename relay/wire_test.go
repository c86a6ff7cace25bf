package relay

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// ask sends a signed request of a client that has allocated before, and
// returns the error code of the answer as an error.
func ask(p *peer, method stun.Method, attrs ...stun.Setter) error {
	return askIn(DefaultRealm, p, method, attrs...)
}

func askIn(realm string, p *peer, method stun.Method, attrs ...stun.Setter) error {
	c := p.client
	nonce, err := nonceOf(c)
	if err != nil {
		return err
	}
	all := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attrs...)
	key := stun.NewLongTermIntegrity(p.cred.Username, realm, p.cred.Password)
	all = append(all, stun.NewUsername(p.cred.Username), stun.NewRealm(realm), nonce, key, stun.Fingerprint)
	msg, err := stun.Build(all...)
	if err != nil {
		return err
	}
	res, err := c.PerformTransaction(msg, c.TURNServerAddr(), false)
	if err != nil {
		return err
	}
	if res.Msg.Type.Class == stun.ClassErrorResponse {
		var code stun.ErrorCodeAttribute
		if err := code.GetFrom(res.Msg); err != nil {
			return err
		}
		return codeError(code.Code)
	}
	return nil
}

type codeError stun.ErrorCode

func (e codeError) Error() string { return fmt.Sprintf("answered %d", int(e)) }

var errNoNonce = errors.New("no nonce in the challenge")

// nonceOf asks without signing, and takes the nonce from the refusal.
func nonceOf(c *turn.Client) (stun.Nonce, error) {
	msg, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest))
	if err != nil {
		return nil, err
	}
	res, err := c.PerformTransaction(msg, c.TURNServerAddr(), false)
	if err != nil {
		return nil, err
	}
	var nonce stun.Nonce
	if err := nonce.GetFrom(res.Msg); err != nil {
		return nil, errNoNonce
	}
	return nonce, nil
}

func refresh(p *peer, lifetime time.Duration) error {
	return ask(p, stun.MethodRefresh, lifetimeAttr(lifetime))
}

func bindChannel(p *peer, number uint16, peer net.Addr) error {
	u, ok := peer.(*net.UDPAddr)
	if !ok {
		return net.InvalidAddrError("not UDP")
	}
	return ask(p, stun.MethodChannelBind, channelAttr(number), peerAttr{u})
}

type lifetimeAttr time.Duration

func (l lifetimeAttr) AddTo(m *stun.Message) error {
	m.Add(stun.AttrLifetime, binary.BigEndian.AppendUint32(nil, uint32(time.Duration(l)/time.Second)))
	return nil
}

type channelAttr uint16

func (n channelAttr) AddTo(m *stun.Message) error {
	m.Add(stun.AttrChannelNumber, binary.BigEndian.AppendUint32(nil, uint32(n)<<16))
	return nil
}

type peerAttr struct{ *net.UDPAddr }

func (p peerAttr) AddTo(m *stun.Message) error {
	return stun.XORMappedAddress{IP: p.IP, Port: p.Port}.AddToAs(m, stun.AttrXORPeerAddress)
}
