package sealed

import (
	"bytes"
	"testing"
	"time"

	"github.com/ringfence/ringfence/store"
)

func FuzzRecord(f *testing.F) {
	for _, r := range []any{
		accountRecord{Handle: "anna.4821", Role: store.RoleOwner, Created: time.Unix(1, 2).UTC()}, edgeRecord{State: store.EdgeFriend}, indexRecord{},
	} {
		b, err := encode(r)
		if err != nil {
			f.Fatal(err)
		}
		if len(b)%padding != 0 || b[0] != recordVersion {
			f.Fatalf("encoded to %q", b)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r accountRecord
		if decode(b, &r) != nil {
			return
		}
		again, err := encode(r)
		if err != nil {
			return // a year that JSON cannot spell
		}
		var second accountRecord
		if err := decode(again, &second); err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
		third, err := encode(second)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("two spellings of one record: %q and %q, %v", again, third, err)
		}
	})
}
