package seal

// The bounds of a backup, in bytes.
const (
	MaxBackup = backupHead + encSize + 4 + maxContent + tagSize + sigSize

	maxContent = 1 << 20 // padding included
	backupStep = 4096
	backupHead = 101
)

// Backup is what a recovery finds. It holds no prekey and no device key.
type Backup struct {
	Counter  uint64
	MS       uint64
	By       Dev
	Head     Head
	Pins     []Pin
	Settings []byte
}

// Content is the Body of a LinkEnvelope, and what a backup seals.
func Content(pins []Pin, settings []byte) []byte {
	return v32(v32(nil, AppendPins(nil, pins)), settings)
}

// ReadContent reads it.
func ReadContent(b []byte) (pins []Pin, settings []byte, err error) {
	r := reader{b: b}
	pins, settings, err = readContent(&r)
	if err == nil && !r.done() {
		err = refuse(Malformed)
	}
	return pins, settings, err
}

func readContent(r *reader) ([]Pin, []byte, error) {
	p, settings := r.v32(maxContent), r.v32(maxContent)
	if r.bad {
		return nil, nil, refuse(Malformed)
	}
	pins, err := ReadPins(p)
	return pins, settings, err
}

// SyncBody is the Body of an OwnSync: count rises by one for each that this
// device sends, and what is pins' bytes or the settings'.
func SyncBody(count uint64, what []byte) []byte { return v32(u64(nil, count), what) }

// ReadSync reads it.
func ReadSync(b []byte) (count uint64, what []byte, err error) {
	r := reader{b: b}
	count, what = r.u64(), r.v32(MaxBody)
	if !r.done() {
		return 0, nil, refuse(Malformed)
	}
	return count, what, nil
}

func backupInfo(a Acct) []byte { return ds("backup", suite[:], a[:]) }

// NewBackup seals b for the recovery code's key, of which pub is the public
// half, by a device of the own log. By and Head are filled in.
func NewBackup(own *Log, key DeviceKey, pub []byte, b Backup) ([]byte, error) {
	if plainHash(pub) != own.backupHash() {
		return nil, refuse(BadCode)
	}
	content := Content(b.Pins, b.Settings)
	if len(content) > maxContent || b.Counter >= maxNumber || b.MS >= maxNumber {
		return nil, refuse(Malformed)
	}
	a, by := own.Acct(), key.author(own.Acct())
	head := append([]byte{1}, a[:]...)
	head = u64(u64(head, b.Counter), b.MS)
	head = own.Head().append(append(head, by[:]...))
	enc, ctx, err := sealTo(pub, backupInfo(a))
	if err != nil {
		return nil, err
	}
	ct, err := ctx.Seal(head, append(content, make([]byte, backupSize(len(content))-len(content))...))
	if err != nil {
		return nil, refuse(OpenFailed)
	}
	raw := v32(append(head, enc...), ct)
	h := plainHash(raw)
	sig, err := key.sign(ds("backup-sig", h[:]))
	return append(raw, sig...), err
}

func backupSize(n int) int { return max(backupStep, (n+backupStep-1)/backupStep*backupStep) }

func (l *Log) backupHash() Hash {
	if l == nil {
		return Hash{}
	}
	return l.backup
}

// OpenBackup opens one by what the recovery code gave. own is the account's log
// as the hub has it, which must be that code's (BadCode).
func OpenBackup(own *Log, r Recovery, raw []byte) (b Backup, err error) {
	if err := own.Owner(r); err != nil {
		return b, err
	}
	var a Acct
	in := reader{b: raw}
	version := in.u8()
	in.into(a[:])
	b.Counter, b.MS = in.u64(), in.u64()
	in.into(b.By[:])
	b.Head = in.head()
	enc := in.take(encSize)
	ct := in.v32(maxContent + tagSize)
	sig := in.take(sigSize)
	if len(raw) > 0 && version != 1 {
		return Backup{}, refuse(Version)
	}
	if !in.done() {
		return Backup{}, refuse(Malformed)
	}
	if a != own.Acct() {
		return Backup{}, refuse(BadRecipient)
	}
	h := plainHash(raw[:len(raw)-sigSize])
	d, _ := own.Device(b.By)
	if !d.Active || !d.Key.verify(ds("backup-sig", h[:]), sig) {
		return Backup{}, refuse(BackupSignature)
	}
	if !own.Contains(b.Head) {
		return Backup{}, refuse(BadHeadFrom)
	}
	ctx, err := r.Backup.openWith(enc, backupInfo(a))
	if err != nil {
		return Backup{}, refuse(OpenFailed)
	}
	pt, err := ctx.Open(raw[:backupHead], ct)
	if err != nil {
		return Backup{}, refuse(OpenFailed)
	}
	return b, b.fill(pt)
}

func (b *Backup) fill(pt []byte) (err error) {
	in := reader{b: pt}
	p, settings := in.v32(maxContent), in.v32(maxContent)
	switch {
	case in.bad:
		return refuse(Malformed)
	case backupSize(len(pt)-len(in.b)) != len(pt):
		return refuse(BadBucket)
	case !zero(in.b):
		return refuse(Padding)
	}
	b.Settings = settings
	b.Pins, err = ReadPins(p)
	return err
}
