package seal

import (
	"bytes"
	"slices"
)

// The bounds of a device log.
const (
	MaxEntries = 1024
	MaxDevices = 32 // active at one time
	MaxLogSize = MaxEntries * (2 + headerSize + maxEntryBody + 2*sigSize)

	headerSize   = 96
	maxEntryBody = 9 + 16*MaxDevices
	genesisSize  = 113
	addSize      = 33
)

// EntryType says what an entry of a log does.
type EntryType uint8

// The types of entries.
const (
	Genesis   EntryType = 0
	Add       EntryType = 1
	Revoke    EntryType = 2
	Reset     EntryType = 3
	Successor EntryType = 4
)

func (t EntryType) joins() bool { return t == Genesis || t == Add }

// entry is one that was read: its form holds, and nothing else is known.
type entry struct {
	raw  []byte // v16(E) ‖ sig ‖ join
	e    []byte
	sig  []byte
	join []byte

	acct Acct
	seq  uint32
	prev Hash
	typ  EntryType
	by   Dev

	account ID         // genesis
	root    SigningKey // genesis
	backup  Hash       // genesis
	key     SigningKey // genesis, add
	link    bool       // genesis, add
	dev     Dev        // revoke
	keep    uint32     // reset
	resetNo uint32     // reset
	stay    []Dev      // reset
	next    Acct       // successor
}

func readEntry(r *reader) (entry, error) {
	before := r.b
	var x entry
	x.e = r.v16()
	if r.bad {
		return x, refuse(Malformed)
	}
	if err := x.readHeader(); err != nil {
		return x, err
	}
	x.sig = r.take(sigSize)
	if x.typ.joins() {
		x.join = r.take(sigSize)
	}
	if r.bad {
		return x, refuse(Malformed)
	}
	x.raw = before[:len(before)-len(r.b)]
	return x, nil
}

func (x *entry) readHeader() error {
	in := reader{b: x.e}
	version := in.u8()
	if in.bad {
		return refuse(Malformed)
	}
	if version != 1 {
		return refuse(Version)
	}
	in.into(x.acct[:])
	x.seq = in.u32()
	in.into(x.prev[:])
	in.u64() // the time is shown, and never decides
	x.typ = EntryType(in.u8())
	in.into(x.by[:])
	body := reader{b: in.v16()}
	if !in.done() || !x.readBody(&body) || !body.done() {
		return refuse(Malformed)
	}
	return nil
}

func (x *entry) readBody(b *reader) bool {
	switch x.typ {
	case Genesis:
		b.into(x.account[:])
		b.into(x.root[:])
		b.into(x.backup[:])
		return x.readDevice(b) && !zero(x.account[:])
	case Add:
		return x.readDevice(b)
	case Revoke:
		b.into(x.dev[:])
	case Reset:
		x.keep, x.resetNo = b.u32(), b.u32()
		n := int(b.u8())
		if n > MaxDevices {
			return false
		}
		x.stay = make([]Dev, n)
		for i := range x.stay {
			b.into(x.stay[i][:])
		}
	case Successor:
		b.into(x.next[:])
	default:
		return false
	}
	return true
}

func (x *entry) readDevice(b *reader) bool {
	b.into(x.key[:])
	rights := b.u8()
	x.link = rights == 1
	return rights <= 1
}

// PlaceOf reads where one entry says that it stands and what it does. Nothing
// of it is verified.
func PlaceOf(raw []byte) (seq uint32, typ EntryType, err error) {
	r := reader{b: raw}
	x, err := readEntry(&r)
	if err != nil {
		return 0, 0, err
	}
	if len(r.b) > 0 {
		return 0, 0, refuse(Malformed)
	}
	return x.seq, x.typ, nil
}

// Draft is an entry before it is signed, and, where it brings a device, before
// that device has joined. The one who signs and the one who joins may be two
// machines: EntryBytes goes between them.
type Draft struct {
	e    []byte
	sig  []byte
	join []byte
}

// EntryBytes is what is signed and joined.
func (d *Draft) EntryBytes() []byte { return bytes.Clone(d.e) }

// Join signs for a new device that it wants to be in this log.
func (d *Draft) Join(key DeviceKey) (err error) {
	d.join, err = JoinEntry(d.e, key)
	return err
}

// JoinEntry is Join on the new device, which has the entry's bytes alone. It
// must have checked them with CheckJoin.
func JoinEntry(e []byte, key DeviceKey) ([]byte, error) { return key.sign(ds("log-join", e)) }

// Joined puts in what JoinEntry gave on the other machine.
func (d *Draft) Joined(join []byte) { d.join = bytes.Clone(join) }

// Entry returns the whole entry, to be put after the log's bytes.
func (d *Draft) Entry() []byte {
	return slices.Concat(v16(nil, d.e), d.sig, d.join)
}

// CheckJoin is what a new device asks of the entry it is to join: that it is an
// add of its own key, in the identity it was linked to, after head.
func CheckJoin(e []byte, a Acct, head Head, key SigningKey) error {
	x := entry{e: e}
	if err := x.readHeader(); err != nil {
		return err
	}
	switch {
	case x.typ != Add, x.acct != a:
		return refuse(LogGenesis)
	case x.seq != head.Seq+1:
		return refuse(LogGap)
	case x.prev != head.Hash:
		return refuse(LogFork)
	case x.key != key:
		return refuse(LogJoin)
	}
	return nil
}

type header struct {
	acct Acct
	seq  uint32
	prev Hash
	ms   uint64
	typ  EntryType
}

func newDraft(by Signer, h header, body []byte) (*Draft, error) {
	if h.ms >= maxNumber {
		return nil, refuse(Malformed)
	}
	dev := by.author(h.acct)
	e := append([]byte{1}, h.acct[:]...)
	e = append(u32(e, h.seq), h.prev[:]...)
	e = append(u64(e, h.ms), byte(h.typ))
	e = v16(append(e, dev[:]...), body)
	sig, err := by.sign(ds("log", e))
	if err != nil {
		return nil, err
	}
	return &Draft{e: e, sig: sig}, nil
}

func deviceBody(b []byte, key SigningKey, link bool) []byte {
	b = append(b, key[:]...)
	if link {
		return append(b, 1)
	}
	return append(b, 0)
}

// NewLog makes the genesis of an identity: a log of one entry, in which the
// first device may link others.
func NewLog(account ID, root RootKey, backup Seed, first DeviceKey, ms uint64) ([]byte, error) {
	pub, err := backup.Public()
	if err != nil {
		return nil, err
	}
	ik, bh := root.Public(), plainHash(pub)
	body := append(account[:], ik[:]...)
	body = deviceBody(append(body, bh[:]...), first.Public(), true)
	d, err := newDraft(root, header{acct: AcctOf(account, ik), ms: ms, typ: Genesis}, body)
	if err != nil {
		return nil, err
	}
	if err := d.Join(first); err != nil {
		return nil, err
	}
	return d.Entry(), nil
}

func (l *Log) draft(by Signer, typ EntryType, ms uint64, body []byte) (*Draft, error) {
	h := l.Head()
	return newDraft(by, header{acct: l.Acct(), seq: h.Seq + 1, prev: h.Hash, ms: ms, typ: typ}, body)
}

// DraftAdd begins an entry that adds a device. It wants a Join.
func (l *Log) DraftAdd(by Signer, key SigningKey, link bool, ms uint64) (*Draft, error) {
	return l.draft(by, Add, ms, deviceBody(nil, key, link))
}

// DraftRevoke makes an entry that takes a device out for good.
func (l *Log) DraftRevoke(by Signer, dev Dev, ms uint64) (*Draft, error) {
	return l.draft(by, Revoke, ms, dev[:])
}

// DraftSuccessor makes an entry that says which identity comes after this one.
func (l *Log) DraftSuccessor(by Signer, next Acct, ms uint64) (*Draft, error) {
	return l.draft(by, Successor, ms, next[:])
}

// DraftReset makes an entry that stands after keep and names the devices that
// stay. It goes after the bytes of the entries up to keep: see Log.Until.
func (l *Log) DraftReset(by RootKey, keep uint32, stay []Dev, ms uint64) (*Draft, error) {
	if int64(keep) >= int64(len(l.hashes())) || len(stay) > MaxDevices {
		return nil, refuse(LogReset)
	}
	no := l.ResetNo() + 1
	if s := ms / 1000; s > uint64(no) && s < 1<<32 {
		no = uint32(s)
	}
	stay = slices.Clone(stay)
	slices.SortFunc(stay, func(a, b Dev) int { return bytes.Compare(a[:], b[:]) })
	body := append(u32(u32(nil, keep), no), length[uint8](stay))
	for _, d := range stay {
		body = append(body, d[:]...)
	}
	return newDraft(by, header{acct: l.Acct(), seq: keep + 1, prev: l.hashes()[keep], ms: ms, typ: Reset}, body)
}
