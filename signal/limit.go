package signal

import "time"

// bucket lets a steady rate through, with a burst. Whoever holds it guards it.
// There are several for each session, so it is one number: when, in
// nanoseconds since 1970, what came lately will not matter any more.
type bucket int64

// take counts one and returns zero, or how long until one more would fit.
func (b *bucket) take(now time.Time, perSecond, burst float64) time.Duration {
	at, each := now.UnixNano(), float64(time.Second)/perSecond
	full := int64(each * burst)
	// A clock that was set back fills no bucket above its brim.
	until := min(max(int64(*b), at), at+full)
	const rounding = 1000 // nanoseconds
	if wait := until + int64(each) - at - full; wait > rounding {
		*b = bucket(until)
		return time.Duration(wait)
	}
	*b = bucket(until + int64(each))
	return 0
}

// empty reports whether nothing that came matters any more.
func (b *bucket) empty(now time.Time) bool { return int64(*b) <= now.UnixNano() }

// seconds rounds a wait up for a client.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
