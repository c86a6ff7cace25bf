package seal

import (
	"bytes"
	"slices"
)

// Log is a device log that was verified from its genesis on. The zero value is
// nobody's: it has no device and contains no head.
type Log struct {
	raw     []byte
	ends    []int // where each entry ends in raw
	chain   []Hash
	acct    Acct
	account ID
	root    SigningKey
	backup  Hash
	resetNo uint32
	devices map[Dev]*Device
	active  int
	ended   bool
	next    Acct
}

// Device is one device of a log.
type Device struct {
	Dev    Dev
	Key    SigningKey
	Link   bool // may add and revoke others
	Active bool
}

// VerifyLog reads a log and does all of the page's checks, for the account that
// was asked for. The bytes are kept and must not be changed afterwards.
func VerifyLog(raw []byte, account ID) (*Log, error) {
	if len(raw) > MaxLogSize {
		return nil, refuse(LogFull)
	}
	if len(raw) == 0 {
		return nil, refuse(Malformed)
	}
	l := &Log{raw: raw, account: account, devices: map[Dev]*Device{}}
	for r := (&reader{b: raw}); len(r.b) > 0; {
		x, err := readEntry(r)
		if err != nil {
			return nil, err
		}
		if err := l.take(&x); err != nil {
			return nil, err
		}
		l.ends = append(l.ends, len(raw)-len(r.b))
	}
	return l, nil
}

// Extend verifies the log with one entry more. l itself stays as it is.
func (l *Log) Extend(entry []byte) (*Log, error) {
	return VerifyLog(slices.Concat(l.Bytes(), entry), l.Account())
}

func (l *Log) take(x *entry) error {
	if err := l.place(x); err != nil {
		return err
	}
	if err := l.signed(x); err != nil {
		return err
	}
	if err := l.apply(x); err != nil {
		return err
	}
	l.chain = append(l.chain, hash("log-head", x.raw))
	return nil
}

// place checks what an entry says of itself and of the one before.
func (l *Log) place(x *entry) error {
	n := len(l.chain)
	if n >= MaxEntries {
		return refuse(LogFull)
	}
	if int64(x.seq) != int64(n) {
		return refuse(LogGap)
	}
	if n == 0 {
		if x.typ != Genesis || !zero(x.by[:]) || !zero(x.prev[:]) || x.account != l.account || x.acct != AcctOf(x.account, x.root) {
			return refuse(LogGenesis)
		}
		l.acct, l.root, l.backup = x.acct, x.root, x.backup
		return nil
	}
	if x.typ == Genesis || x.acct != l.acct {
		return refuse(LogGenesis)
	}
	if x.prev != l.chain[n-1] {
		return refuse(LogFork)
	}
	if l.ended && x.typ != Reset {
		return refuse(LogEnded)
	}
	return nil
}

// signed checks the keys that an entry brings, who signed it and who joined.
func (l *Log) signed(x *entry) error {
	if x.typ == Genesis && x.root.Check() != nil {
		return refuse(KeyInvalid)
	}
	if x.typ.joins() && x.key.Check() != nil {
		return refuse(KeyInvalid)
	}
	key, may := l.mayWrite(x)
	if !may || !key.verify(ds("log", x.e), x.sig) {
		return refuse(LogSigner)
	}
	if x.typ.joins() && !x.key.verify(ds("log-join", x.e), x.join) {
		return refuse(LogJoin)
	}
	return nil
}

func (l *Log) mayWrite(x *entry) (SigningKey, bool) {
	if zero(x.by[:]) {
		return l.root, true
	}
	d := l.devices[x.by]
	if d == nil || !d.Active {
		return SigningKey{}, false
	}
	switch x.typ {
	case Add, Successor:
		return d.Key, d.Link
	case Revoke:
		return d.Key, d.Link || x.dev == x.by
	case Genesis, Reset:
	}
	return SigningKey{}, false // IK's alone
}

func (l *Log) apply(x *entry) error {
	switch x.typ {
	case Genesis, Add:
		dev := DevOf(l.acct, x.key)
		if l.devices[dev] != nil {
			return refuse(LogRepeated)
		}
		if l.active >= MaxDevices {
			return refuse(LogFull)
		}
		l.devices[dev] = &Device{Dev: dev, Key: x.key, Link: x.link, Active: true}
		l.active++
	case Revoke:
		d := l.devices[x.dev]
		if d == nil || !d.Active {
			return refuse(LogRepeated)
		}
		d.Active = false
		l.active--
	case Reset:
		return l.reset(x)
	case Successor:
		l.ended, l.next = true, x.next
	}
	return nil
}

func (l *Log) reset(x *entry) error {
	if x.keep != x.seq-1 || x.resetNo <= l.resetNo {
		return refuse(LogReset)
	}
	stays := map[Dev]bool{}
	for i, dev := range x.stay {
		d := l.devices[dev]
		if d == nil || !d.Active || i > 0 && bytes.Compare(x.stay[i-1][:], dev[:]) >= 0 {
			return refuse(LogReset)
		}
		stays[dev] = true
	}
	for dev, d := range l.devices {
		d.Active = stays[dev]
	}
	l.active, l.resetNo, l.ended, l.next = len(stays), x.resetNo, false, Acct{}
	return nil
}

func (l *Log) hashes() []Hash {
	if l == nil {
		return nil
	}
	return l.chain
}

// Bytes returns the log as it came.
func (l *Log) Bytes() []byte {
	if l == nil {
		return nil
	}
	return slices.Clip(l.raw)
}

// Until returns the bytes of the entries up to seq, to put a reset after.
func (l *Log) Until(seq uint32) []byte {
	if l == nil || int64(seq) >= int64(len(l.ends)) {
		return nil
	}
	return l.raw[:l.ends[seq]:l.ends[seq]]
}

// Acct returns the identity, zero of a zero Log.
func (l *Log) Acct() Acct {
	if l == nil {
		return Acct{}
	}
	return l.acct
}

// Account returns the account's id.
func (l *Log) Account() ID {
	if l == nil {
		return ID{}
	}
	return l.account
}

// Root returns IK.
func (l *Log) Root() SigningKey {
	if l == nil {
		return SigningKey{}
	}
	return l.root
}

// Head returns the place of the last entry.
func (l *Log) Head() Head {
	n := len(l.hashes())
	if n == 0 {
		return Head{}
	}
	return Head{Seq: uint32(n - 1), Hash: l.chain[n-1]} //nolint:gosec // at most 1,024 entries
}

// Contains reports whether the entry at h's seq has h's hash.
func (l *Log) Contains(h Head) bool {
	c := l.hashes()
	return int64(h.Seq) < int64(len(c)) && c[h.Seq] == h.Hash
}

// ResetNo returns the number of the last reset, 0 where there was none.
func (l *Log) ResetNo() uint32 {
	if l == nil {
		return 0
	}
	return l.resetNo
}

// Successor returns the identity that the log names as the one after it.
func (l *Log) Successor() (Acct, bool) {
	if l == nil {
		return Acct{}, false
	}
	return l.next, l.ended
}

// Device returns the device, active or not; ok is false for one that the log
// does not know.
func (l *Log) Device(dev Dev) (d Device, ok bool) {
	if l == nil || l.devices[dev] == nil {
		return Device{}, false
	}
	return *l.devices[dev], true
}

// Active returns the devices that are, in the order of their names.
func (l *Log) Active() []Device {
	if l == nil {
		return nil
	}
	var all []Device
	for _, d := range l.devices {
		if d.Active {
			all = append(all, *d)
		}
	}
	slices.SortFunc(all, func(a, b Device) int { return bytes.Compare(a.Dev[:], b.Dev[:]) })
	return all
}

// Owner refuses, with BadCode, a Recovery that is another account's.
func (l *Log) Owner(r Recovery) error {
	pub, err := r.Backup.Public()
	if err != nil {
		return refuse(BadCode)
	}
	if l == nil || r.Root.Public() != l.root || plainHash(pub) != l.backup {
		return refuse(BadCode)
	}
	return nil
}
