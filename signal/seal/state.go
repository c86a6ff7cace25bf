package seal

import "sync"

// The bounds of the replay cache.
const (
	MaxSeenPerDevice  = 20_000
	MaxSeenPerAccount = 60_000

	keptAfterKey = graceAfter // ms that an entry outlives its key
)

// State is the keys and the replay cache of one device, in memory. Its Commit
// is the page's one transaction. A client that keeps them elsewhere does the
// same there. The zero value has no key and has seen nothing; it may be used by
// several goroutines.
type State struct {
	mu       sync.Mutex // guards following
	keys     map[Hash]Key
	seen     map[Dev]map[ID]seenEntry
	accounts map[Acct]int
	owner    map[Dev]Acct
}

type seenEntry struct {
	hash  Hash
	until uint64
}

// AddKey puts in a key by its public half's name.
func (s *State) AddKey(pkid Hash, k Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = map[Hash]Key{}
	}
	s.keys[pkid] = k
}

// Key is Own.Key.
func (s *State) Key(pkid Hash) (Key, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.keys[pkid]
	return k, ok
}

// Seen is Own.Seen.
func (s *State) Seen(dev Dev, env ID) (Hash, bool, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.seen[dev][env]
	return e.hash, ok, s.roomLocked(dev, s.owner[dev])
}

func (s *State) roomLocked(dev Dev, a Acct) bool {
	return len(s.seen[dev]) < MaxSeenPerDevice && s.accounts[a] < MaxSeenPerAccount
}

// Commit uses up what o used up, or refuses it where another was faster.
func (s *State) Commit(o *Opened, now uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.seen[o.FromDev][o.EnvID]; ok {
		if e.hash == o.Hash {
			return refuse(Replay)
		}
		return refuse(Conflict)
	}
	if !s.roomLocked(o.FromDev, o.Account) {
		return refuse(ReplayFull)
	}
	k, ok := s.keys[o.PKID]
	switch {
	case !ok:
		return refuse(PrekeyUnknown)
	case k.Used && k.Sort == SortRing:
		return refuse(AnswerTwice)
	case k.Used:
		return refuse(PrekeyUsed)
	}
	until := max(now, k.NotAfter+graceAfter) + keptAfterKey
	if k.OneTime || k.Sort != SortPrekey {
		k.Seed, k.Used = Seed{}, true
		s.keys[o.PKID] = k
		until = now + keptAfterKey
	}
	s.noteLocked(o, until)
	return nil
}

func (s *State) noteLocked(o *Opened, until uint64) {
	if s.seen == nil {
		s.seen, s.accounts, s.owner = map[Dev]map[ID]seenEntry{}, map[Acct]int{}, map[Dev]Acct{}
	}
	if s.seen[o.FromDev] == nil {
		s.seen[o.FromDev] = map[ID]seenEntry{}
		s.owner[o.FromDev] = o.Account
	}
	s.seen[o.FromDev][o.EnvID] = seenEntry{hash: o.Hash, until: until}
	s.accounts[o.Account]++
}

// Sweep forgets what is past its time: seeds, the memory of those that were
// used, and entries of the replay cache, none of them early.
func (s *State) Sweep(now uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, k := range s.keys {
		end := k.NotAfter
		if k.Sort == SortPrekey || k.Used {
			end += graceAfter
		}
		if now > end {
			delete(s.keys, id)
		}
	}
	for dev, entries := range s.seen {
		for env, e := range entries {
			if now > e.until {
				delete(entries, env)
				s.accounts[s.owner[dev]]--
			}
		}
		if len(entries) == 0 {
			delete(s.seen, dev)
			delete(s.owner, dev)
		}
	}
}
