// Package devicelog owns what the server keeps of each account's device log:
// the signed entries that say which devices an account has (docs/crypto.md). It
// verifies what is appended to keep garbage out; devices verify all of it
// again and never take the server's word. It refuses to know who reaches whom.
package devicelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/seal"
	"github.com/ringfence/ringfence/store"
)

// MaxEntry bounds an entry's bytes: a reset that names 32 devices has 683.
const MaxEntry = 1024

// Reach is the question whether one account may do something of another.
// friends.Service answers it.
type Reach interface {
	CheckReach(ctx context.Context, from, to id.Account, purpose friends.Purpose) error
}

// Options is what the service needs. All must be set.
type Options struct {
	DB store.DB
	// Reach decides who may read whose log.
	Reach Reach
}

// Service keeps device logs. It is safe for concurrent use.
type Service struct {
	db    store.DB
	reach Reach
	turn  chan struct{} // held while a log is verified
}

// New returns a service. It starts nothing.
func New(o Options) *Service {
	return &Service{db: o.DB, reach: o.Reach, turn: make(chan struct{}, 1)}
}

// Entries returns the entries of the log of to, from seq on, for who asks. It
// is one state: what a reset cut off is not in it. An account without a log is
// not_found.
func (s *Service) Entries(ctx context.Context, who, to id.Account, from uint32) ([][]byte, error) {
	if who != to {
		if err := s.reach.CheckReach(ctx, who, to, friends.PurposeKeys); err != nil {
			return nil, err
		}
	}
	var all [][]byte
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		if _, err = tx.Logs.LogEntry(ctx, to, 0); err != nil {
			return err
		}
		all, err = entries(ctx, tx, to, from)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.New(fault.NotFound, "There is no device log yet.")
	}
	if err != nil {
		return nil, fmt.Errorf("read a device log: %w", err)
	}
	return all, nil
}

// entries reads at most seal.MaxEntries, the most that Append lets in.
func entries(ctx context.Context, tx store.Tx, a id.Account, from uint32) ([][]byte, error) {
	all := [][]byte{}
	for from < seal.MaxEntries {
		page, err := tx.Logs.LogEntries(ctx, a, from, store.MaxPage)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < store.MaxPage {
			break
		}
		from += store.MaxPage
	}
	return all, nil
}

// Append puts an entry at the end of the account's own log, or after the entry
// that a reset keeps. It returns conflict where the log has grown since the
// entry was made, and an invalid entry with the reason of docs/crypto.md.
func (s *Service) Append(ctx context.Context, a id.Account, entry []byte) error {
	if len(entry) > MaxEntry {
		return fault.Field("entry", "max_length", MaxEntry, "This entry is too long.")
	}
	seq, typ, err := seal.PlaceOf(entry)
	if err != nil {
		return refused(err)
	}
	var had [][]byte
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		had, err = entries(ctx, tx, a, 0)
		return err
	})
	if err != nil {
		return fmt.Errorf("read a device log: %w", err)
	}
	if int64(seq) > int64(len(had)) || int64(seq) < int64(len(had)) && typ != seal.Reset {
		return errGrown()
	}
	if err := s.verify(ctx, a, had, int(seq), entry); err != nil {
		return err
	}
	return s.swap(ctx, a, had, seq, entry)
}

// verify does what takes time, outside of any transaction and one at a time: a
// full log is two thousand signatures.
func (s *Service) verify(ctx context.Context, a id.Account, had [][]byte, keep int, entry []byte) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	of := seal.ID(a.Bytes())
	next, err := seal.VerifyLog(append(bytes.Join(had[:keep], nil), entry...), of)
	if seal.ReasonOf(err) == seal.LogFork {
		return errGrown()
	}
	if err != nil {
		return refused(err)
	}
	if keep == len(had) {
		return nil
	}
	// What a reset cuts off may hold a reset as well, and its number counts:
	// friends take a lower one for a rollback.
	before, err := seal.VerifyLog(bytes.Join(had, nil), of)
	if err != nil {
		return fmt.Errorf("the device log that is kept: %w", err)
	}
	if next.ResetNo() <= before.ResetNo() {
		return refusedFor(seal.LogReset)
	}
	return nil
}

// swap writes the entry if the log still is what was verified. The last entry
// stands for all: each has the hash of the one before in it.
func (s *Service) swap(ctx context.Context, a id.Account, had [][]byte, seq uint32, entry []byte) error {
	n := uint32(len(had)) //nolint:gosec // at most 1,024 entries
	err := s.db.Update(ctx, func(tx store.Tx) error {
		if n > 0 {
			last, err := tx.Logs.LogEntry(ctx, a, n-1)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if !bytes.Equal(last, had[n-1]) {
				return errGrown()
			}
		}
		_, err := tx.Logs.LogEntry(ctx, a, n)
		if err == nil {
			return errGrown()
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		for gone := seq + 1; gone < n; gone++ {
			if err := tx.Logs.DeleteLogEntry(ctx, a, gone); err != nil {
				return err
			}
		}
		return tx.Logs.PutLogEntry(ctx, a, seq, entry)
	})
	if err != nil {
		return fmt.Errorf("append to a device log: %w", err)
	}
	return nil
}

func errGrown() error {
	return fault.New(fault.Conflict, "Another device has changed the list of devices. Read it again.")
}

func refused(err error) error { return refusedFor(seal.ReasonOf(err)) }

func refusedFor(r seal.Reason) error {
	return fault.Field("entry", string(r), 0, "This entry does not fit the device log.")
}
