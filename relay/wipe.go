package relay

// wiped remembers what was read into a buffer that is somebody else's, so that
// it can be cleared as soon as they are done with it: when they come to read
// again. A relay keeps nothing of what it passed on, in memory either.
type wiped struct{ last []byte }

// note remembers that n bytes were read into b, which is the same buffer until
// the next wipe.
func (w *wiped) note(b []byte, n int) {
	if n > len(w.last) {
		w.last = b[:n]
	}
}

// wipe clears what was read.
func (w *wiped) wipe() {
	clear(w.last)
	w.last = w.last[:0]
}
