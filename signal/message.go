package signal

import (
	"errors"

	"github.com/ringfence/ringfence/internal/cluster"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// op is what a message between hubs is about.
type op uint8

const (
	opDeliver  op = iota + 1 // to an account: a frame for one of its sessions
	opTopic                  // to an account: something of the HTTP API changed; body is the topic
	opPresence               // to an account: its friend `from` came or went on `node`
	opFriends                // to an account: its relation with `other` changed; flag: it acted itself
	opSeek                   // to an account: say who is there, for a call
	opHere                   // to an account or a call: a session that can take part
	opFrame                  // to a call: a frame of one of its legs
	opAway                   // to a call or an account: a leg lost its connection
	opBack                   // to a call: it is back
	opLeft                   // to a call or an account: its session is over
	opGlare                  // to a call: another between the same two goes first
	opSignOut                // to every hub: a sign-in session, `other`, is no more
	opRejoin                 // to a call: a device asks for it back; node is zero where its hub is not known
	opComeBack               // to an account: the hub of a call of this session stops
	opTaken                  // to a call, of every hub that has it: both its devices have it elsewhere
	opOthers                 // to an account: a frame for all its sessions but `line`
	opLast
)

// Flags of a message.
const (
	flagOnline  = 1 << iota // opPresence: came
	flagAsk                 // opPresence: tell me of yourself too
	flagActed               // opFriends: this account did it
	flagRejoin              // opSeek: who asked for the call back, instead
	flagForGood             // opAway: the session is over; its device is about to have another
)

// message is what hubs tell each other over the bus. Which fields count
// depends on op; body belongs to whoever made the message.
type message struct {
	op    op
	flags uint8
	kind  wire.Kind
	frame id.Frame
	call  id.Call
	from  wire.Address
	to    id.Account
	line  lineID // opDeliver: for whom; else: of whom
	node  id.Node
	other otherID
	body  []byte
}

// otherID is an account or a sign-in session, as op has it.
type otherID = id.Of[other]

type other struct{}

// messageVersion is the first byte; hubs of two versions may share a bus.
const messageVersion = 1

var errMessage = errors.New("malformed message between hubs")

const messageHead = 4 + 8*id.Size

func (m *message) encode() []byte {
	b := make([]byte, 0, messageHead+len(m.kind)+len(m.body))
	b = append(b, messageVersion, byte(m.op), m.flags, byte(len(m.kind)&0xff))
	b = m.frame.AppendBytes(b)
	b = m.call.AppendBytes(b)
	b = m.from.Account.AppendBytes(b)
	b = m.from.Device.AppendBytes(b)
	b = m.to.AppendBytes(b)
	b = m.line.AppendBytes(b)
	b = m.node.AppendBytes(b)
	b = m.other.AppendBytes(b)
	b = append(b, m.kind...)
	return append(b, m.body...)
}

// decode reads a message; its body stays part of b.
func (m *message) decode(b []byte) error {
	if len(b) < messageHead || b[0] != messageVersion || b[1] == 0 || op(b[1]) >= opLast {
		return errMessage
	}
	m.op, m.flags = op(b[1]), b[2]
	kind := int(b[3])
	b = m.frame.Take(b[4:])
	b = m.call.Take(b)
	b = m.from.Account.Take(b)
	b = m.from.Device.Take(b)
	b = m.to.Take(b)
	b = m.line.Take(b)
	b = m.node.Take(b)
	b = m.other.Take(b)
	if len(b) < kind {
		return errMessage
	}
	m.kind = ""
	if kind > 0 {
		spec, ok := wire.Lookup(b[:kind])
		if !ok {
			return errMessage
		}
		m.kind = spec.Kind
	}
	m.body = b[kind:]
	return nil
}

// everyHub is the subject that every hub listens to.
const everyHub cluster.Subject = "hubs"

func ofAccount(a id.Account) cluster.Subject { return cluster.Subject("account:" + a.String()) }
func ofCall(c id.Call) cluster.Subject       { return cluster.Subject("call:" + c.String()) }
