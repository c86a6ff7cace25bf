package seal

import (
	"bytes"
	"slices"
)

// PinSize is a pin's length in bytes; MaxPins is how many fit a backup.
const (
	PinSize = 115
	MaxPins = maxContent / PinSize
)

// How says how a pin came to be.
type How uint8

// The ways to a pin.
const (
	ByLink       How = 1
	ByScan       How = 2
	ByName       How = 3
	ByIntroducer How = 4
)

// Verified says whether, and how, a person compared.
type Verified uint8

// What was compared.
const (
	NotVerified    Verified = 0
	VerifiedNumber Verified = 1 // the safety number, or a scan
	VerifiedVoice  Verified = 2
)

// PinState says what the person wants of the pinned one.
type PinState uint8

// The states of a pin. Only a friend is heard.
const (
	Friend  PinState = 0
	Removed PinState = 1
	Blocked PinState = 2
)

// Pin is an identity that a person took for a friend's, by an act of their own.
// Its Acct is computed, never told.
type Pin struct {
	Account  ID
	Root     SigningKey
	Head     Head
	ResetNo  uint32
	How      How
	Verified Verified
	State    PinState
	By       Dev // the own device on which it was done
	MS       uint64
}

// Acct returns the identity that is pinned.
func (p Pin) Acct() Acct { return AcctOf(p.Account, p.Root) }

// Append puts the pin's bytes after b.
func (p Pin) Append(b []byte) []byte {
	b = append(append(b, p.Account[:]...), p.Root[:]...)
	b = u32(p.Head.append(b), p.ResetNo)
	b = append(b, byte(p.How), byte(p.Verified), byte(p.State))
	return u64(append(b, p.By[:]...), p.MS)
}

// AppendPins puts the bytes of a list after b, in its one order.
func AppendPins(b []byte, pins []Pin) []byte {
	pins = slices.Clone(pins)
	slices.SortFunc(pins, func(x, y Pin) int { return bytes.Compare(x.Account[:], y.Account[:]) })
	for _, p := range pins {
		b = p.Append(b)
	}
	return b
}

// ReadPins reads a list of pins: ascending by account, each account once.
func ReadPins(b []byte) ([]Pin, error) {
	if len(b)%PinSize != 0 || len(b)/PinSize > MaxPins {
		return nil, refuse(Malformed)
	}
	pins := make([]Pin, 0, len(b)/PinSize)
	for r := (&reader{b: b}); len(r.b) > 0; {
		p, err := readPin(r)
		if err != nil {
			return nil, err
		}
		if n := len(pins); n > 0 && bytes.Compare(pins[n-1].Account[:], p.Account[:]) >= 0 {
			return nil, refuse(Malformed)
		}
		pins = append(pins, p)
	}
	return pins, nil
}

func readPin(r *reader) (Pin, error) {
	var p Pin
	r.into(p.Account[:])
	r.into(p.Root[:])
	p.Head, p.ResetNo = r.head(), r.u32()
	p.How, p.Verified, p.State = How(r.u8()), Verified(r.u8()), PinState(r.u8())
	r.into(p.By[:])
	p.MS = r.u64()
	if r.bad || zero(p.Account[:]) || p.How < ByLink || p.How > ByIntroducer || p.Verified > VerifiedVoice || p.State > Blocked {
		return Pin{}, refuse(Malformed)
	}
	return p, p.Root.Check()
}

// Follow verifies a log against the pin and returns the pin at the log's head.
// It refuses with LogRollback or LogFork what goes back behind the pin, and with
// LogGenesis another identity; reset says that a recovery changed the devices,
// which the person is to be told.
func (p Pin) Follow(raw []byte) (l *Log, next Pin, reset bool, err error) {
	l, err = VerifyLog(raw, p.Account)
	if err != nil {
		return nil, p, false, err
	}
	switch {
	case l.Acct() != p.Acct():
		return nil, p, false, refuse(LogGenesis)
	case l.ResetNo() < p.ResetNo:
		return nil, p, false, refuse(LogRollback)
	case l.ResetNo() > p.ResetNo:
		reset = true
	case l.Head().Seq < p.Head.Seq:
		return nil, p, false, refuse(LogRollback)
	case !l.Contains(p.Head):
		return nil, p, false, refuse(LogFork)
	}
	next = p
	next.Head, next.ResetNo = l.Head(), l.ResetNo()
	return l, next, reset, nil
}

// MergePins lays what another own device told over what this one has: of two
// for one account the later is taken, and the newer head.
func MergePins(own, told []Pin) []Pin {
	byID := map[ID]Pin{}
	for _, p := range own {
		byID[p.Account] = p
	}
	for _, p := range told {
		have, ok := byID[p.Account]
		if ok {
			p = newer(have, p)
		}
		byID[p.Account] = p
	}
	out := make([]Pin, 0, len(byID))
	for _, p := range byID {
		out = append(out, p)
	}
	slices.SortFunc(out, func(x, y Pin) int { return bytes.Compare(x.Account[:], y.Account[:]) })
	return out
}

func newer(have, told Pin) Pin {
	win, lose := have, told
	if told.MS > have.MS || told.MS == have.MS && bytes.Compare(told.Append(nil), have.Append(nil)) > 0 {
		win, lose = told, have
	}
	if win.Root == lose.Root && (lose.ResetNo > win.ResetNo || lose.ResetNo == win.ResetNo && lose.Head.Seq > win.Head.Seq) {
		win.Head, win.ResetNo = lose.Head, lose.ResetNo
	}
	return win
}

// Distrust takes Verified from each pin that was made or changed on dev, which
// is done when that own device is revoked, and returns whose were.
func Distrust(pins []Pin, dev Dev) (touched []ID) {
	for i := range pins {
		if pins[i].By == dev {
			pins[i].Verified = NotVerified
			touched = append(touched, pins[i].Account)
		}
	}
	return touched
}
