package store

import "context"

// Engine keeps rows: opaque values under ordered keys in named tables. It is
// all that bolt and PostgreSQL have to provide; store/sealed makes a DB of it.
// Every engine passes storetest. Keys, values and pages outside the limits are
// refused with ErrLimit. A transaction must not be opened inside another one.
type Engine interface {
	// View runs fn over one consistent state.
	View(ctx context.Context, fn func(Rows) error) error
	// Update runs fn and commits durably when it returns nil. fn may run more
	// than once.
	Update(ctx context.Context, fn func(RowsRW) error) error
	// Close waits for running transactions.
	Close() error
}

// Row is one key and its value. Both belong to the caller.
type Row struct {
	Key   []byte
	Value []byte
}

// Rows reads inside a transaction.
type Rows interface {
	// Get returns a copy of the value, or ErrNotFound.
	Get(ctx context.Context, table Table, key []byte) ([]byte, error)
	// Page returns at most limit rows (1 to MaxPage) whose key starts with
	// prefix and is greater than after, in the order of their keys. A nil
	// after starts at the first.
	Page(ctx context.Context, table Table, prefix, after []byte, limit int) ([]Row, error)
}

// RowsRW reads and writes inside a transaction.
type RowsRW interface {
	Rows
	// Put sets the value of key. The engine keeps no reference to either.
	Put(ctx context.Context, table Table, key, value []byte) error
	// Delete removes key; a key that is not there is no error.
	Delete(ctx context.Context, table Table, key []byte) error
}

// Table names a table of rows. The names are part of the stored format.
type Table string

// The tables, one line each: what a key is.
const (
	TableMeta     Table = "meta"     // name of a fact about the data itself
	TableAccounts Table = "accounts" // account
	TableHandles  Table = "handles"  // blind index of the handle
	TableDevices  Table = "devices"  // account, device
	TableSessions Table = "sessions" // SHA-256 of the token
	TableFriends  Table = "friends"  // from account, to account
	TableAsks     Table = "asks"     // to account, from account
	TableInvites  Table = "invites"  // SHA-256 of the token
	TableNotices  Table = "notices"  // account, notice
	TableLogs     Table = "logs"     // account, sequence number of an entry, big endian
	TableAudit    Table = "audit"    // sequence number, big endian
	TableIndexes  Table = "indexes"  // secondary look-ups: index name, then its own key
)

// Tables lists every table; engines create them at open.
func Tables() []Table {
	return []Table{
		TableMeta, TableAccounts, TableHandles, TableDevices, TableSessions, TableFriends,
		TableAsks, TableInvites, TableNotices, TableLogs, TableAudit, TableIndexes,
	}
}
