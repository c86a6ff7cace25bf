package wire

import (
	"encoding/json"
	"fmt"
)

// Sender says which side sends a kind.
type Sender string

// The senders.
const (
	FromClient Sender = "client"
	FromHub    Sender = "hub"
)

// Spec is what the protocol says of one kind.
type Spec struct {
	Kind   Kind
	Sender Sender
	Passes bool // goes on to the other leg of the call, its body unread
	Call   bool // names a call in the envelope
	Body   any  // zero value of the body's type
}

// Kinds lists every kind, in the order of the reference.
func Kinds() []Spec {
	return []Spec{
		{KindHello, FromClient, false, false, Hello{}},
		{KindRing, FromClient, false, true, Ring{}},
		{KindRinging, FromClient, false, true, Ringing{}},
		{KindAnswer, FromClient, false, true, Answer{}},
		{KindDecline, FromClient, false, true, Decline{}},
		{KindHangup, FromClient, false, true, Hangup{}},
		{KindRelay, FromClient, false, true, Relay{}},
		{KindRejoin, FromClient, false, true, Rejoin{}},
		{KindTake, FromClient, false, true, Take{}},
		{KindMeasured, FromClient, false, true, Measured{}},
		{KindDescription, FromClient, true, true, Description{}},
		{KindCandidate, FromClient, true, true, Candidates{}},
		{KindMedia, FromClient, true, true, Sending{}},
		{KindWarm, FromClient, true, true, Warm{}},
		{KindWelcome, FromHub, false, false, Welcome{}},
		{KindOK, FromHub, false, false, OK{}},
		{KindError, FromHub, false, false, Error{}},
		{KindCalling, FromHub, false, true, Calling{}},
		{KindIncoming, FromHub, false, true, Incoming{}},
		{KindProgress, FromHub, false, true, Progress{}},
		{KindEarly, FromHub, false, true, Early{}},
		{KindAnswered, FromHub, false, true, Answered{}},
		{KindAway, FromHub, false, true, Away{}},
		{KindEnded, FromHub, false, true, Ended{}},
		{KindServers, FromHub, false, true, Servers{}},
		{KindElsewhere, FromHub, false, true, Elsewhere{}},
		{KindPresence, FromHub, false, false, Presence{}},
		{KindChanged, FromHub, false, false, Changed{}},
		{KindBye, FromHub, false, false, Bye{}},
	}
}

// List is a slice that is written as [] when it is empty, never as null.
type List[T any] []T

// MarshalJSON writes an array in every case.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if len(l) == 0 {
		return []byte("[]"), nil
	}
	b, err := json.Marshal([]T(l))
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	return b, nil
}

// byName interns kinds; it is never written to.
var byName = func() map[string]Spec {
	m := map[string]Spec{}
	for _, k := range Kinds() {
		m[string(k.Kind)] = k
	}
	return m
}()

// Lookup returns what the protocol says of a kind. It allocates nothing.
func Lookup(kind []byte) (Spec, bool) {
	k, ok := byName[string(kind)]
	return k, ok
}
