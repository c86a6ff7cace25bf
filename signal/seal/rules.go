package seal

// LegRules says what the other side may send now. It follows one leg with one
// device; what it refuses ends the leg. One goroutine at a time.
type LegRules struct {
	// Caller says that this side is the leg's caller.
	Caller bool
	// Commit is the ring's cm, RungDev the device it went to: what the callee
	// checks a reveal by.
	Commit  Hash
	RungDev Dev
	Leg     Leg
	// Stage is that of the answer.
	Stage Stage

	pressed   bool
	elsewhere bool
	told      bool // the reveal, or the accept, has come
}

// Pressed notes that this side, the callee, has sent its accept. With an answer
// of stage Accepted the press is in the answer.
func (r *LegRules) Pressed() { r.pressed = true }

// RevealedElsewhere notes that this side, the caller, has revealed to another
// branch of the leg: what accepts now is too late.
func (r *LegRules) RevealedElsewhere() { r.elsewhere = true }

// Take checks a frame that opened.
func (r *LegRules) Take(f Frame) error {
	switch f.Type {
	case FrameReveal:
		return r.reveal(f)
	case FrameAccept:
		if !r.Caller || r.Stage != Ready || r.told {
			return refuse(FrameRule)
		}
		if r.elsewhere {
			return refuse(AnswerTwice)
		}
		r.told = true
	case FrameSDP, FrameCandidate, FrameMedia, FrameEnd, FrameMoved:
	}
	return nil
}

func (r *LegRules) reveal(f Frame) error {
	if r.Caller {
		return refuse(FrameRule)
	}
	pressed := r.pressed || r.Stage == Accepted
	if !pressed || r.told || Commitment(r.Leg.Call, r.Leg.Leg, r.RungDev, f.Random) != r.Commit {
		return refuse(BadCommit)
	}
	r.told = true
	return nil
}

// Revealed reports whether the caller's part of the emoji has come and held, or
// towards a caller whether the callee has pressed. Ten seconds after the press
// without it the callee ends the leg with BadCommit.
func (r *LegRules) Revealed() bool { return r.told || r.Caller && r.Stage == Accepted }
