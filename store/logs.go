package store

import (
	"context"

	"github.com/ringfence/ringfence/internal/id"
)

// LogTable holds the entries of each account's device log, as its devices
// signed them. What they say is for who verifies them.
type LogTable interface {
	// LogEntry returns ErrNotFound where there is none at seq.
	LogEntry(ctx context.Context, a id.Account, seq uint32) ([]byte, error)
	PutLogEntry(ctx context.Context, a id.Account, seq uint32, entry []byte) error
	// LogEntries returns entries in their order, the one at from first.
	LogEntries(ctx context.Context, a id.Account, from uint32, limit int) ([][]byte, error)
	DeleteLogEntry(ctx context.Context, a id.Account, seq uint32) error
}
