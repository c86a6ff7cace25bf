package store

import "context"

// Format is the version of the data that this program writes. It counts up
// when an older program could no longer read the rows; every engine keeps it
// beside the tables, since it says how to read them.
const Format = 1

// Migration is one step from a format of the data to the next.
type Migration struct {
	From uint32 // leads from here to From+1
	Name string // for error messages
	// Run changes the rows. It may use as many transactions as it likes: it
	// works on a copy that takes the place of the data only when every step
	// has succeeded.
	Run func(ctx context.Context, e Engine) error
}
