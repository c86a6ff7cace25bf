package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/ringfence/ringfence/internal/fault"
)

// What a password must be.
const (
	MinPassword      = 8
	MaxPassword      = 128
	MaxPasswordBytes = 512
	MinScore         = 3 // of 4, as zxcvbn counts
)

// scoredRunes bounds what is scored: the scoring grows with the square.
const scoredRunes = 64

// checkPassword returns the password in its one spelling, or what is wrong
// with its length.
func checkPassword(password string) (string, error) {
	password = norm.NFC.String(password)
	switch n := utf8.RuneCountInString(password); {
	case n == 0:
		return "", fault.Field("password", "required", 0, "Choose a password.")
	case n < MinPassword:
		return "", fault.Field("password", "min_length", MinPassword, "The password is too short.")
	case n > MaxPassword, len(password) > MaxPasswordBytes:
		return "", fault.Field("password", "max_length", MaxPassword, "The password is too long.")
	}
	return password, nil
}

// checkStrength refuses passwords that are easy to guess for somebody who
// knows the words in known.
func checkStrength(password string, known ...string) error {
	inputs := []string{"ringfence"}
	for _, k := range known {
		inputs = append(inputs, strings.Fields(strings.ToLower(k))...)
	}
	if r := []rune(password); len(r) > scoredRunes {
		password = string(r[:scoredRunes])
	}
	if zxcvbn.PasswordStrength(password, inputs).Score < MinScore {
		return &fault.Error{
			Code: fault.PasswordWeak, Field: "password", Rule: "strength", Limit: MinScore,
			Public: "This password is easy to guess. Take a few words that do not belong together.",
		}
	}
	return nil
}

// Cost is what one guess at a password costs: argon2id's parameters.
type Cost struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// DefaultCost is what OWASP names for argon2id with little memory.
var DefaultCost = Cost{Memory: 19 << 10, Time: 2, Threads: 1}

// Bounds of what is read back, so that a changed record cannot take the
// machine's memory.
const (
	maxMemory  = 256 << 10
	maxTime    = 16
	maxThreads = 8
	saltSize   = 16
	hashSize   = 32
)

// phc is a password's hash in the PHC string format.
type phc struct {
	cost       Cost
	salt, hash []byte
}

var errPHC = errors.New("malformed password hash")

func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.cost.Memory, p.cost.Time, p.cost.Threads, b64.EncodeToString(p.salt), b64.EncodeToString(p.hash))
}

// parsePHC takes only the one spelling that String gives.
func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return phc{}, errPHC
	}
	params := strings.Split(parts[3], ",")
	if len(params) != 3 {
		return phc{}, errPHC
	}
	var nums [3]uint32
	for i, most := range []uint64{maxMemory, maxTime, maxThreads} {
		_, num, _ := strings.Cut(params[i], "=")
		n, err := strconv.ParseUint(num, 10, 32)
		if err != nil || n == 0 || n > most {
			return phc{}, errPHC
		}
		nums[i] = uint32(n)
	}
	p := phc{cost: Cost{Memory: nums[0], Time: nums[1], Threads: uint8(nums[2])}} //nolint:gosec // at most maxThreads
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(p.salt) != saltSize {
		return phc{}, errPHC
	}
	if p.hash, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(p.hash) != hashSize {
		return phc{}, errPHC
	}
	if p.String() != s {
		return phc{}, errPHC
	}
	return p, nil
}

// How long a password waits for its turn, and how many may.
const (
	hashWait  = 5 * time.Second
	hashQueue = 64
)

// hasher hashes few passwords at a time: each takes the memory of its cost.
type hasher struct {
	cost  Cost
	slots chan struct{} // taken while hashing
	queue chan struct{} // taken while hashing or waiting
}

func newHasher(cost Cost, slots int) *hasher {
	return &hasher{cost: cost, slots: make(chan struct{}, slots), queue: make(chan struct{}, slots+hashQueue)}
}

// turn waits until this goroutine may hash; done must be called then.
func (h *hasher) turn(ctx context.Context) (done func(), err error) {
	busy := &fault.Error{
		Code: fault.Unavailable, RetryAfter: int64(hashWait / time.Second),
		Public: "Too many people are signing in. Try again in a moment.",
	}
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, busy
	}
	late := time.NewTimer(hashWait)
	defer late.Stop()
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.queue }, nil
	case <-late.C:
		<-h.queue
		return nil, busy
	case <-ctx.Done():
		<-h.queue
		return nil, fmt.Errorf("wait to hash: %w", ctx.Err())
	}
}

// make hashes a new password under a fresh salt.
func (h *hasher) make(ctx context.Context, password string) (string, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	p := phc{cost: h.cost, salt: make([]byte, saltSize)}
	_, _ = rand.Read(p.salt)
	p.hash = derive(p, password)
	return p.String(), nil
}

// matches compares in constant time, given the same cost.
func (h *hasher) matches(ctx context.Context, p phc, password string) (bool, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	return subtle.ConstantTimeCompare(derive(p, password), p.hash) == 1, nil
}

func derive(p phc, password string) []byte {
	return argon2.IDKey([]byte(password), p.salt, p.cost.Time, p.cost.Memory, p.cost.Threads, hashSize)
}
