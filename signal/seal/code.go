package seal

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"strings"
)

// A code is 128 random bits and 12 that check them, in Crockford's base32.
const (
	codeBits     = 16 // bytes
	codeChars    = 28
	crockford    = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	rounds       = 600_000
	maxCodeInput = 256 // characters, spaces and hyphens included
)

// CodeUse tells the two codes apart: neither is taken for the other.
type CodeUse string

// What a code is for.
const (
	RecoveryCode CodeUse = "code/recovery"
	LinkCode     CodeUse = "code/link"
)

// NewCode makes a code's 16 bytes. They are never chosen by a person.
func NewCode() (b [codeBits]byte) {
	_, _ = rand.Read(b[:]) // never fails
	return b
}

// Text spells the code: 28 characters.
func (u CodeUse) Text(b [codeBits]byte) string {
	check := hash(string(u), b[:])
	all := append(b[:], check[0], check[1])
	var s strings.Builder
	for i := range codeChars {
		v := 0
		for j := i * 5; j < i*5+5; j++ {
			v = v<<1 | int(all[j/8]>>(7-j%8))&1
		}
		s.WriteByte(crockford[v])
	}
	return s.String()
}

// Read reads a code as a person types it: small or capital letters, O for 0, I
// and L for 1, spaces and hyphens anywhere. What is wrong is BadCode; which
// character it is can't be told.
func (u CodeUse) Read(text string) (b [codeBits]byte, err error) {
	if len(text) > maxCodeInput {
		return b, refuse(BadCode)
	}
	var all [18]byte
	n := 0
	for _, c := range []byte(text) {
		if c == ' ' || c == '-' {
			continue
		}
		v := strings.IndexByte(crockford, typed(c))
		if v < 0 || n == codeChars {
			return b, refuse(BadCode)
		}
		for j := range 5 {
			at := n*5 + j
			all[at/8] |= byte(v>>(4-j)&1) << (7 - at%8)
		}
		n++
	}
	copy(b[:], all[:])
	check := hash(string(u), b[:])
	if n != codeChars || all[16] != check[0] || all[17] != check[1]&0xf0 {
		return [codeBits]byte{}, refuse(BadCode)
	}
	return b, nil
}

func typed(c byte) byte {
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	switch c {
	case 'O':
		return '0'
	case 'I', 'L':
		return '1'
	}
	return c
}

// Recovery is what a recovery code gives for one account.
type Recovery struct {
	Root   RootKey
	Backup Seed
	Token  [32]byte // with which the hub gives the backup out
}

// Recover derives it, which takes a tenth of a second on purpose. Whether the
// code is this account's shows in Log.Owner.
func Recover(code [codeBits]byte, account ID) (Recovery, error) {
	rk, err := pbkdf2.Key(sha256.New, RecoveryCode.Text(code), ds("recovery", account[:]), rounds, 32)
	if err != nil {
		return Recovery{}, err
	}
	return Recovery{
		Root:   rootFrom(kdf(rk, nil, ds("rk/identity"), 32)),
		Backup: Seed(kdf(rk, nil, ds("rk/backup"), 32)),
		Token:  [32]byte(kdf(rk, nil, ds("rk/token"), 32)),
	}, nil
}
