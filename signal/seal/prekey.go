package seal

// PrekeySize is a signed prekey's length in bytes.
const (
	PrekeySize = prekeyBody + sigSize

	prekeyBody  = 1287
	maxLifetime = 30 * 24 * 60 * 60 * 1000 // ms from created to not_after
	maxAhead    = 5 * 60 * 1000            // ms that another's clock may be ahead
	graceAfter  = 31 * 24 * 60 * 60 * 1000 // ms that a seed is kept past not_after
)

// PrekeyType tells keys that open one envelope from the one that is there when
// those are gone.
type PrekeyType uint8

// The types of prekeys.
const (
	OneTime    PrekeyType = 1
	LastResort PrekeyType = 2
)

// Prekey is a device's KEM key, as that device signed it.
type Prekey struct {
	Type     PrekeyType
	Dev      Dev
	Acct     Acct
	Created  uint64
	NotAfter uint64
	Pub      []byte // 1,216 bytes
	PKID     Hash
}

// LastKnown is the newest last-resort key that a device told of. The zero value
// is that of a device that told of none.
type LastKnown struct {
	PKID    Hash
	Created uint64
}

// NewPrekey makes and signs a prekey. The seed is fresh; the caller keeps it
// before the bytes leave the device.
func NewPrekey(own *Log, key DeviceKey, typ PrekeyType, created, notAfter uint64) (raw []byte, seed Seed, err error) {
	if created >= maxNumber || notAfter >= maxNumber || typ != OneTime && typ != LastResort {
		return nil, seed, refuse(Malformed)
	}
	seed = NewSeed()
	pub, err := seed.Public()
	if err != nil {
		return nil, seed, err
	}
	a, dev := own.Acct(), key.author(own.Acct())
	r := append(append([]byte{byte(typ)}, dev[:]...), a[:]...)
	r = append(u64(u64(r, created), notAfter), suite[:]...)
	r = append(r, pub...)
	sig, err := key.sign(ds("prekey", r))
	if err != nil {
		return nil, seed, err
	}
	return append(r, sig...), seed, nil
}

// CheckPrekey reads a prekey that the hub gave out for a device of the pinned
// log, and does all of the page's checks.
func CheckPrekey(raw []byte, pinned *Log, dev Dev, known LastKnown, now uint64) (p Prekey, err error) {
	if len(raw) != PrekeySize {
		return p, refuse(Malformed)
	}
	r := reader{b: raw[:prekeyBody]}
	var s [6]byte
	p.Type = PrekeyType(r.u8())
	r.into(p.Dev[:])
	r.into(p.Acct[:])
	p.Created, p.NotAfter = r.u64(), r.u64()
	r.into(s[:])
	p.Pub = r.take(KEMPublicSize)
	if !r.done() || p.Type != OneTime && p.Type != LastResort {
		return Prekey{}, refuse(Malformed)
	}
	if s != suite {
		return Prekey{}, refuse(BadSuite)
	}
	d, _ := pinned.Device(p.Dev)
	if p.Dev != dev || p.Acct != pinned.Acct() || !d.Active {
		return Prekey{}, refuse(PrekeyDevice)
	}
	if !d.Key.verify(ds("prekey", raw[:prekeyBody]), raw[prekeyBody:]) {
		return Prekey{}, refuse(PrekeySignature)
	}
	if err := checkKEM(p.Pub); err != nil {
		return Prekey{}, err
	}
	if p.Created > now+maxAhead || p.Created >= p.NotAfter || now > p.NotAfter || p.NotAfter-p.Created > maxLifetime {
		return Prekey{}, refuse(PrekeyDates)
	}
	p.PKID = PKID(p.Pub)
	if p.Type == LastResort && known.Created > 0 && (p.Created < known.Created || p.Created == known.Created && p.PKID != known.PKID) {
		return Prekey{}, refuse(PrekeyOlder)
	}
	return p, nil
}
