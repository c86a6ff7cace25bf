package seal

import (
	"log/slog"
)

// Bounds of a call's parts.
const (
	MaxLeg         = 7
	MaxRingSDP     = MaxCallBody - ringFixed
	MaxAnswerSDP   = MaxCallBody - answerFixed
	FingerprintLen = 32

	ringFixed   = 1302
	answerFixed = 101
	secretSize  = 32
)

// Secret is key material of a call. It prints as nothing.
type Secret [secretSize]byte

// String keeps the secret out of logs.
func (Secret) String() string { return "[secret]" }

// GoString keeps the secret out of %#v.
func (Secret) GoString() string { return "[secret]" }

// LogValue keeps the secret out of slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// Media says what a call is for.
type Media uint8

// What a call is for.
const (
	Sound           Media = 1
	SoundAndPicture Media = 2
)

// Stage says whether the person has pressed.
type Stage uint8

// The stages of an answer.
const (
	Accepted Stage = 0
	Ready    Stage = 1
)

// RingBody is the Body of a ring.
type RingBody struct {
	CallID      ID
	Leg         uint8
	Media       Media
	EKp         []byte
	Commit      Hash
	Fingerprint [FingerprintLen]byte
	SDP         []byte
}

// Commitment is the cm of a ring: what the caller commits to before the
// callee's part of the emoji is known.
func Commitment(call ID, leg uint8, to Dev, rc [32]byte) Hash {
	return hash("sas/commit", call[:], []byte{leg}, to[:], rc[:])
}

// Bytes returns the Body.
func (x RingBody) Bytes() ([]byte, error) {
	if err := x.check(x.CallID); err != nil {
		return nil, err
	}
	b := append(append([]byte{}, x.CallID[:]...), x.Leg, byte(x.Media))
	b = append(append(b, x.EKp...), x.Commit[:]...)
	return v32(append(b, x.Fingerprint[:]...), x.SDP), nil
}

// ReadRing reads the Body of a ring; call is the id in the hub's frame.
func ReadRing(b []byte, call ID) (x RingBody, err error) {
	r := reader{b: b}
	r.into(x.CallID[:])
	x.Leg, x.Media = r.u8(), Media(r.u8())
	x.EKp = r.take(KEMPublicSize)
	r.into(x.Commit[:])
	r.into(x.Fingerprint[:])
	x.SDP = r.v32(MaxRingSDP)
	if !r.done() {
		return x, refuse(Malformed)
	}
	return x, x.check(call)
}

func (x RingBody) check(call ID) error {
	switch {
	case zero(x.CallID[:]), x.Media != Sound && x.Media != SoundAndPicture, len(x.SDP) > MaxRingSDP:
		return refuse(Malformed)
	case x.Leg > MaxLeg:
		return refuse(BadLeg)
	case x.CallID != call:
		return refuse(BadCallID)
	}
	if err := checkKEM(x.EKp); err != nil {
		return err
	}
	return CheckDescription(x.SDP, x.Fingerprint, true)
}

// AnswerBody is the Body of an answer.
type AnswerBody struct {
	Ring        Hash // WireHash of the ring
	Stage       Stage
	Random      [32]byte // r_r, zero with stage Ready
	Fingerprint [FingerprintLen]byte
	SDP         []byte
}

// Bytes returns the Body.
func (x AnswerBody) Bytes() ([]byte, error) {
	if err := x.check(x.Ring); err != nil {
		return nil, err
	}
	b := append(append([]byte{}, x.Ring[:]...), byte(x.Stage))
	b = append(append(b, x.Random[:]...), x.Fingerprint[:]...)
	return v32(b, x.SDP), nil
}

// ReadAnswer reads the Body of an answer to the ring of this WireHash.
func ReadAnswer(b []byte, ring Hash) (x AnswerBody, err error) {
	r := reader{b: b}
	r.into(x.Ring[:])
	x.Stage = Stage(r.u8())
	r.into(x.Random[:])
	r.into(x.Fingerprint[:])
	x.SDP = r.v32(MaxAnswerSDP)
	if !r.done() {
		return x, refuse(Malformed)
	}
	return x, x.check(ring)
}

func (x AnswerBody) check(ring Hash) error {
	if x.Stage > Ready || zero(x.Random[:]) != (x.Stage == Ready) || len(x.SDP) > MaxAnswerSDP {
		return refuse(Malformed)
	}
	if x.Ring != ring {
		return refuse(RingHash)
	}
	return CheckDescription(x.SDP, x.Fingerprint, true)
}

// CallKeys are what a ring and its answer agree on.
type CallKeys struct {
	th       Hash
	toCallee FrameKey
	toCaller FrameKey
	// Media is the root of what media keys may be made of.
	Media Secret
}

// FrameKey is the key and the start of nonces of one direction.
type FrameKey struct {
	key [32]byte
	iv  [12]byte
}

// String keeps the key out of logs.
func (FrameKey) String() string { return "[secret]" }

// GoString keeps the key out of %#v.
func (FrameKey) GoString() string { return "[secret]" }

// LogValue keeps the key out of slog.
func (FrameKey) LogValue() slog.Value { return slog.StringValue("[secret]") }

// String keeps the keys out of logs.
func (CallKeys) String() string { return "[secret]" }

// GoString keeps the keys out of %#v.
func (CallKeys) GoString() string { return "[secret]" }

// LogValue keeps the keys out of slog.
func (CallKeys) LogValue() slog.Value { return slog.StringValue("[secret]") }

func frameKey(b []byte) (k FrameKey) {
	copy(k.key[:], b)
	copy(k.iv[:], b[32:])
	return k
}

// NewCallKeys derives them from the two exporters' secrets and the two
// envelopes as they went over the wire.
func NewCallKeys(k1, k2 Secret, ring, answer Hash) CallKeys {
	ikm := append(append([]byte{}, k1[:]...), k2[:]...)
	th := hash("call/th", ring[:], answer[:])
	return CallKeys{
		th:       th,
		toCallee: frameKey(kdf(ikm, th[:], ds("call/frames", []byte{byte(ToCallee)}), 44)),
		toCaller: frameKey(kdf(ikm, th[:], ds("call/frames", []byte{byte(ToCaller)}), 44)),
		Media:    Secret(kdf(ikm, th[:], ds("call/media"), 32)),
	}
}

// Frames returns the key of one direction; the zero key, which opens nothing
// that anybody sealed, for a direction that is none of the two.
func (k CallKeys) Frames(d Direction) FrameKey {
	switch d {
	case ToCallee:
		return k.toCallee
	case ToCaller:
		return k.toCaller
	case RingEnd:
	}
	return FrameKey{}
}

// RingEndKey is what tells a device that rang the end of it, by the ring alone.
func RingEndKey(k1 Secret, ring Hash) FrameKey {
	return frameKey(kdf(k1[:], ring[:], ds("call/ring-end"), 44))
}

// Side is one end of a leg, as the emoji know it.
type Side struct {
	Acct        Acct
	Dev         Dev
	Fingerprint [FingerprintLen]byte
	Random      [32]byte // r_c of the caller, r_r of the callee
}

// Emoji returns the places of the four emoji in Names.
func (k CallKeys) Emoji(caller, callee Side) [4]int {
	info := ds("sas", caller.Acct[:], callee.Acct[:], caller.Dev[:], callee.Dev[:], caller.Fingerprint[:], callee.Fingerprint[:])
	return sixes(kdf(append(append([]byte{}, caller.Random[:]...), callee.Random[:]...), k.th[:], info, 3))
}

func sixes(b []byte) [4]int {
	v := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	return [4]int{v >> 18, v >> 12 & 63, v >> 6 & 63, v & 63}
}
