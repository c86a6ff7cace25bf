package benchhost

import (
	"math"
	"math/bits"
	"time"
)

// subBuckets is how finely each doubling is divided: a value is kept to about
// three in a hundred, and to the nanosecond below subBuckets.
const (
	subBits    = 5
	subBuckets = 1 << subBits
)

// Histogram counts durations. It has one size, whatever it counts, and to count
// is a few instructions. The zero value is empty.
type Histogram struct {
	n    uint64
	Most time.Duration // the longest
	at   [(64 - subBits) * subBuckets]uint64
}

// bucket is where a duration is counted.
func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	return (shift+1)*subBuckets + int(v>>shift&(2*subBuckets-1)) - subBuckets
}

// middle is the middle of what is counted in bucket i.
func middle(i int) time.Duration {
	if i < subBuckets {
		return time.Duration(i)
	}
	shift := i/subBuckets - 1
	low := uint64(i%subBuckets+subBuckets) << shift
	return time.Duration((low + uint64(1)<<shift/2) & math.MaxInt64)
}

// Add counts one.
func (h *Histogram) Add(d time.Duration) {
	h.at[bucket(d)]++
	h.n++
	h.Most = max(h.Most, d)
}

// Quantile is the duration that a share q of all was no longer than; 0 where
// nothing was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := min(uint64(q*float64(h.n)), h.n-1)
	for i, n := range h.at {
		if rank < n {
			return min(middle(i), h.Most)
		}
		rank -= n
	}
	return h.Most
}
