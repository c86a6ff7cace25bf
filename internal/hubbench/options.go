package hubbench

import "time"

// Options says what to measure. A number of zero leaves its part out.
type Options struct {
	Kind   Kind
	Plain  string   // address without TLS, or empty
	TLS    string   // address with TLS, or empty; a floor has none
	Host   string   // as requests name the server; empty: by its address
	Strict bool     // check the certificate
	Tokens []string // of accounts that are friends, two by two; nil for a server of this package
	PID    int      // of the server
	CPU    int      // core that the generator stays on; -1 for any

	Sessions []int         // that wait, at a time
	Settle   time.Duration // how long after the last of them connected
	Size     int           // bytes of a frame
	Windows  []int         // frames on their way in a pair
	Pairs    int           // that pass frames
	Measure  time.Duration
	Rate     int // even frames a second
	Among    int // sessions, for Rate
	Greet    int // connections with TLS from nothing to welcome

	Progress func(what string)
}

// Parts is how often Progress is called.
func (o *Options) Parts() int {
	ways := 0
	for _, addr := range []string{o.Plain, o.TLS} {
		if addr != "" {
			ways++
		}
	}
	each := len(o.Windows) + len(o.Sessions)
	if o.Rate > 0 {
		each++
	}
	n := ways * each
	if o.Greet > 0 && o.Plain != "" {
		n++
	}
	if o.Greet > 0 && o.TLS != "" {
		n += 4
	}
	return n
}
