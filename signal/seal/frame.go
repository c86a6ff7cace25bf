package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// Lengths of a call's frames, in bytes.
const (
	FrameSize    = frameHeader + smallFrame + tagSize
	SDPFrameSize = frameHeader + largeFrame + tagSize
	MaxFrameSDP  = largeFrame - 5 - 4
	MaxCandidate = 504
	MaxFrames    = 1 << 20 // of one direction of a leg

	frameHeader = 23
	smallFrame  = 512
	largeFrame  = 16384
)

// Direction says which way a frame goes.
type Direction uint8

// The directions.
const (
	ToCallee Direction = 1
	ToCaller Direction = 2
	RingEnd  Direction = 3 // to a device that rang and did not answer
)

// FrameType says what a frame tells.
type FrameType uint8

// The types of frames.
const (
	FrameReveal    FrameType = 0
	FrameSDP       FrameType = 1
	FrameCandidate FrameType = 2
	FrameMedia     FrameType = 3
	FrameAccept    FrameType = 4
	FrameEnd       FrameType = 5
	FrameMoved     FrameType = 6
)

func (t FrameType) size() int {
	if t == FrameSDP {
		return largeFrame
	}
	return smallFrame
}

// Frame is one of a call's frames, open.
type Frame struct {
	Type   FrameType
	Random [32]byte // reveal: r_c. accept: r_r
	Conn   uint8    // sdp, candidate: 0, or 1 for the connection made while it rings
	Gen    uint16   // sdp, candidate
	Offer  bool     // sdp
	Text   []byte   // sdp, candidate
	Sends  uint8    // media: 1 sound, 2 picture
	Media  Media    // accept
	Reason uint8    // end: 1 over, 2 answered elsewhere, 3 cancelled
	Leg    uint8    // moved
	Dev    Dev      // moved
}

func (f Frame) data() []byte {
	switch f.Type {
	case FrameReveal:
		return f.Random[:]
	case FrameSDP:
		b := append(binary.BigEndian.AppendUint16([]byte{f.Conn}, f.Gen), 0)
		if f.Offer {
			b[3] = 1
		}
		return append(b, f.Text...)
	case FrameCandidate:
		return append(binary.BigEndian.AppendUint16([]byte{f.Conn}, f.Gen), f.Text...)
	case FrameMedia:
		return []byte{f.Sends}
	case FrameAccept:
		return append([]byte{byte(f.Media)}, f.Random[:]...)
	case FrameEnd:
		return []byte{f.Reason}
	case FrameMoved:
		return append([]byte{f.Leg}, f.Dev[:]...)
	}
	return nil
}

// readFrame reads the data of a type that is listed; leg is the one it came on.
func readFrame(t FrameType, data []byte, leg uint8) (f Frame, ok bool) {
	f.Type = t
	r := reader{b: data}
	switch t {
	case FrameReveal:
		r.into(f.Random[:])
	case FrameSDP:
		f.Conn, f.Gen = r.u8(), r.u16()
		offer := r.u8()
		f.Offer = offer == 1
		f.Text = r.take(len(r.b))
		ok = f.Conn <= 1 && offer <= 1
		return f, ok && r.done()
	case FrameCandidate:
		f.Conn, f.Gen = r.u8(), r.u16()
		f.Text = r.take(len(r.b))
		return f, r.done() && f.Conn <= 1 && len(f.Text) <= MaxCandidate
	case FrameMedia:
		f.Sends = r.u8()
		return f, r.done() && f.Sends <= 3
	case FrameAccept:
		f.Media = Media(r.u8())
		r.into(f.Random[:])
		return f, r.done() && (f.Media == Sound || f.Media == SoundAndPicture)
	case FrameEnd:
		f.Reason = r.u8()
		return f, r.done() && f.Reason >= 1 && f.Reason <= 3
	case FrameMoved:
		f.Leg = r.u8()
		r.into(f.Dev[:])
		return f, r.done() && f.Leg > leg && f.Leg <= MaxLeg
	default:
		return f, false
	}
	return f, r.done()
}

// Leg says of which call and leg frames are.
type Leg struct {
	Call ID
	Leg  uint8
}

func (l Leg) header(d Direction, seq uint32) []byte {
	b := append(append([]byte{1}, l.Call[:]...), l.Leg, byte(d))
	return u32(b, seq)
}

func (k FrameKey) aead() (cipher.AEAD, error) {
	if zero(k.key[:]) {
		return nil, refuse(FrameOpen)
	}
	b, err := aes.NewCipher(k.key[:])
	if err != nil {
		return nil, refuse(FrameOpen)
	}
	return cipher.NewGCM(b)
}

func (k FrameKey) nonce(seq uint32) []byte {
	n := k.iv
	last := n[8:]
	binary.BigEndian.PutUint32(last, binary.BigEndian.Uint32(last)^seq)
	return n[:]
}

// FrameSealer seals the frames of one direction. It never seals a number twice;
// the caller keeps what it gave and sends those bytes again after a loss. One
// goroutine at a time.
type FrameSealer struct {
	Leg Leg
	Dir Direction
	Key FrameKey
	seq uint32
}

// Seal seals the next frame. After MaxFrames it refuses with FrameGap, and a
// new leg is due; in direction RingEnd there is one frame, of type FrameEnd.
func (s *FrameSealer) Seal(f Frame) ([]byte, error) {
	data := f.data()
	if _, ok := readFrame(f.Type, data, s.Leg.Leg); !ok || 5+len(data) > f.Type.size() {
		return nil, refuse(Malformed)
	}
	if s.Dir == RingEnd && f.Type != FrameEnd {
		return nil, refuse(FrameRule)
	}
	if s.seq >= MaxFrames || s.Dir == RingEnd && s.seq > 0 {
		return nil, refuse(FrameGap)
	}
	seq := s.seq
	s.seq++ // before a byte is made: a number that failed is not used again
	pt := v32(append(make([]byte, 0, largeFrame), byte(f.Type)), data)
	return s.Key.sealFrame(s.Leg.header(s.Dir, seq), seq, pt[:f.Type.size()])
}

func (k FrameKey) sealFrame(header []byte, seq uint32, pt []byte) ([]byte, error) {
	a, err := k.aead()
	if err != nil {
		return nil, err
	}
	return a.Seal(header, k.nonce(seq), pt, header), nil
}

// FrameOpener opens the frames of one direction in their order. Whatever it
// refuses, other than FrameOld, ends the leg. One goroutine at a time.
type FrameOpener struct {
	Leg  Leg
	Dir  Direction
	Key  FrameKey
	next uint32
}

// Open opens the next frame. Whether the other side may send this type now is
// for LegRules.
func (o *FrameOpener) Open(raw []byte) (f Frame, err error) {
	if len(raw) != FrameSize && len(raw) != SDPFrameSize {
		return f, refuse(Malformed)
	}
	if err := o.header(raw); err != nil {
		return f, err
	}
	a, err := o.Key.aead()
	if err != nil {
		return f, err
	}
	pt, err := a.Open(nil, o.Key.nonce(o.next), raw[frameHeader:], raw[:frameHeader])
	if err != nil {
		return f, refuse(FrameOpen)
	}
	o.next++
	r := reader{b: pt}
	t := FrameType(r.u8())
	data := r.v32(largeFrame)
	switch {
	case r.bad, t > FrameMoved:
		return f, refuse(Malformed)
	case len(pt) != t.size():
		return f, refuse(BadBucket)
	case !zero(r.b):
		return f, refuse(Padding)
	}
	f, ok := readFrame(t, data, o.Leg.Leg)
	if !ok {
		return Frame{}, refuse(Malformed)
	}
	if o.Dir == RingEnd && t != FrameEnd {
		return Frame{}, refuse(FrameRule)
	}
	return f, nil
}

func (o *FrameOpener) header(raw []byte) error {
	r := reader{b: raw[:frameHeader]}
	version := r.u8()
	var call ID
	r.into(call[:])
	leg, dir, seq := r.u8(), Direction(r.u8()), r.u32()
	most := uint32(MaxFrames)
	if o.Dir == RingEnd {
		most = 1
	}
	switch {
	case version != 1:
		return refuse(Version)
	case call != o.Leg.Call, leg != o.Leg.Leg:
		return refuse(FrameOther)
	case dir != o.Dir:
		return refuse(FrameDirection)
	case seq < o.next:
		return refuse(FrameOld)
	case seq > o.next, seq >= most:
		return refuse(FrameGap)
	}
	return nil
}
