package sealed

import (
	"context"
	"encoding/binary"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// logs is store.LogTable. The key of a row is account, sequence number.
type logs struct{ *tx }

type logRecord struct {
	Entry []byte `json:"e"`
}

func logKey(a id.Account, seq uint32) []byte {
	return binary.BigEndian.AppendUint32(a.Bytes(), seq)
}

func (t logs) LogEntry(ctx context.Context, a id.Account, seq uint32) ([]byte, error) {
	var r logRecord
	err := t.get(ctx, a, store.TableLogs, logKey(a, seq), &r)
	return r.Entry, err
}

func (t logs) PutLogEntry(ctx context.Context, a id.Account, seq uint32, entry []byte) error {
	if err := named(a); err != nil {
		return err
	}
	return t.put(ctx, a, store.TableLogs, logKey(a, seq), logRecord{Entry: entry})
}

func (t logs) LogEntries(ctx context.Context, a id.Account, from uint32, limit int) ([][]byte, error) {
	if err := named(a); err != nil {
		return nil, err
	}
	var after []byte // nil: from the first on
	if from > 0 {
		after = binary.BigEndian.AppendUint32(nil, from-1)
	}
	var all [][]byte
	err := t.live(ctx, store.TableLogs, a.Bytes(), after, limit, func(row store.Row) error {
		var r logRecord
		if err := t.open(a, store.TableLogs, row.Key, row.Value, &r); err != nil {
			return err
		}
		all = append(all, r.Entry)
		return nil
	})
	return all, err
}

func (t logs) DeleteLogEntry(ctx context.Context, a id.Account, seq uint32) error {
	return t.rows.Delete(ctx, store.TableLogs, logKey(a, seq))
}
