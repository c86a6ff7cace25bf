package signal

import (
	"testing"
	"time"
)

// A clock that is set back, or ahead, neither locks anybody out for as long nor
// lets more through than the bucket holds.
func TestBucketsOutliveAClockThatIsSet(t *testing.T) {
	t.Parallel()
	const burst = 5
	at := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	fill := func(b *bucket, at time.Time) (taken int) {
		for b.take(at, 1, burst) == 0 {
			taken++
		}
		return taken
	}
	var b bucket
	if n := fill(&b, at); n != burst {
		t.Fatalf("%d taken at once, want %d", n, burst)
	}
	back := at.Add(-time.Hour)
	if wait := b.take(back, 1, burst); wait <= 0 || wait > time.Second {
		t.Errorf("an hour back: to wait %v, want a second", wait)
	}
	if n := fill(&b, back.Add(2*time.Second)); n != 2 {
		t.Errorf("two seconds later: %d taken, want 2", n)
	}
	if n := fill(&b, at.Add(24*time.Hour)); n != burst {
		t.Errorf("a day ahead: %d taken, want %d", n, burst)
	}
	if b.empty(at) || !b.empty(at.Add(25*time.Hour)) {
		t.Error("it is empty when it is not, or not when it is")
	}
}
