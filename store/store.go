// Package store owns the records of Ringfence and the contracts of where they
// are kept: one file per domain, one narrow interface per table. It refuses to
// know how rows are stored (the engines below it) and how values are sealed
// (store/sealed).
package store

import (
	"context"
	"errors"
	"time"
)

// Errors on which callers branch.
var (
	// ErrNotFound says that no such record exists. A record whose account's
	// key was destroyed does not exist.
	ErrNotFound = errors.New("not found")
	// ErrExists says that a record with this key is there already.
	ErrExists = errors.New("exists already")
	// ErrVersion says that the data was written by another version of the
	// program than this one can read.
	ErrVersion = errors.New("data of another version")
	// ErrLimit says that a key, a value or a page is outside the limits below,
	// or that there is no such table.
	ErrLimit = errors.New("outside the limits of the store")
)

// The limits of every engine.
const (
	MaxPage  = 256     // records that one range read returns
	MaxKey   = 512     // bytes of a key; it has at least one
	MaxValue = 1 << 20 // bytes of a value
)

// DB runs transactions over every table.
type DB interface {
	// View runs fn in a read-only transaction: one consistent state.
	View(ctx context.Context, fn func(Tx) error) error
	// Update runs fn in a transaction that commits when fn returns nil and
	// leaves no trace otherwise. Once Update has returned nil the change
	// survives a power failure. fn may run more than once: it must capture
	// no state that a second run would see. Inside fn: no network, no
	// hashing, no channel send, no clock but a value passed in.
	Update(ctx context.Context, fn func(Tx) error) error
}

// Tx is one transaction over every domain, so that a change and its audit
// entry commit together or not at all. It is valid only inside fn.
type Tx struct {
	Accounts AccountTable
	Handles  HandleTable
	Devices  DeviceTable
	Sessions SessionTable
	Friends  FriendTable
	Asks     AskTable
	Invites  InviteTable
	Notices  NoticeTable
	Logs     LogTable
	Audit    AuditLog
}

// Expired reports whether a thing that ends at end has ended at now. The zero
// end is an end: a record without an expiry is expired, not eternal.
func Expired(end, now time.Time) bool { return !now.Before(end) }
