package account

// Crowd takes every place in the queue of those who wait to hash, so that
// whoever comes next is refused.
func (s *Service) Crowd() {
	for range cap(s.hasher.queue) {
		s.hasher.queue <- struct{}{}
	}
}
