package signal

import "time"

// bucket lets a steady rate through, with a burst. Whoever holds it guards it.
type bucket struct {
	level float64 // how full with what came lately
	at    time.Time
}

// take counts one and returns zero, or how long until one more would fit.
func (b *bucket) take(now time.Time, perSecond, burst float64) time.Duration {
	b.level = max(0, b.level-now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	const rounding = 1e-6 // or what is over by nothing passes without being counted
	if over := b.level + 1 - burst; over > rounding {
		return time.Duration(over / perSecond * float64(time.Second))
	}
	b.level++
	return 0
}

// empty reports whether nothing that came matters any more.
func (b *bucket) empty(now time.Time, perSecond float64) bool {
	return b.level <= now.Sub(b.at).Seconds()*perSecond
}

// seconds rounds a wait up for a client.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
