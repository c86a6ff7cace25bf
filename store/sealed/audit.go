package sealed

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/ringfence/ringfence/store"
)

// audit is store.AuditLog. The key of a row is the sequence number.
type audit struct{ *tx }

type auditRecord struct {
	At     time.Time         `json:"t"`
	Action store.AuditAction `json:"a"`
	Detail string            `json:"d,omitempty"`
}

// metaAudit is where the data keeps the number of the last entry.
const metaAudit = "audit/last"

func (t audit) Append(ctx context.Context, e store.AuditEntry) error {
	last, err := t.counter(ctx, metaAudit)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	seq := last + 1
	key := seqKey(seq)
	switch _, err := t.rows.Get(ctx, store.TableAudit, key); {
	case err == nil: // the counter was put back: the log must not lose an entry to that
		return fmt.Errorf("audit entry %d: %w", seq, store.ErrExists)
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	err = t.putOwned(ctx, e.Account, store.TableAudit, key, auditRecord{At: e.At.UTC(), Action: e.Action, Detail: e.Detail})
	if err != nil {
		return err
	}
	return t.setCounter(ctx, metaAudit, seq)
}

func (t audit) Entries(ctx context.Context, after uint64, limit int) ([]store.AuditEntry, error) {
	var all []store.AuditEntry
	err := t.live(ctx, store.TableAudit, nil, seqKey(after), limit, func(row store.Row) error {
		if len(row.Key) != 8 {
			return fmt.Errorf("key of an audit entry: %d bytes", len(row.Key))
		}
		var r auditRecord
		a, err := t.openOwned(store.TableAudit, row.Key, row.Value, &r)
		if err != nil {
			return err
		}
		all = append(all, store.AuditEntry{
			Seq: binary.BigEndian.Uint64(row.Key), At: r.At, Account: a, Action: r.Action, Detail: r.Detail,
		})
		return nil
	})
	return all, err
}

func seqKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
