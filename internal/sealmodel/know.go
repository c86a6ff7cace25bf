package sealmodel

import (
	"encoding/binary"
	"slices"
	"strings"
)

// knowledge is what the attacker has, taken apart as far as it goes; ascending.
type knowledge []Term

func (k knowledge) has(t Term) bool {
	_, ok := slices.BinarySearch(k, t)
	return ok
}

// text is the same for the same knowledge.
func (k knowledge) text() string {
	b := make([]byte, 0, 4*len(k))
	for _, t := range k {
		b = binary.BigEndian.AppendUint32(b, uint32(t))
	}
	return string(b)
}

// judge answers what can be derived from one knowledge, and remembers.
type judge struct {
	ts   *terms
	know knowledge
	memo map[Term]bool
}

func (ts *terms) judge(k knowledge) *judge {
	return &judge{ts: ts, know: k, memo: make(map[Term]bool)}
}

// derives tells whether the attacker can make t.
func (j *judge) derives(t Term) bool {
	if j.know.has(t) {
		return true
	}
	if v, ok := j.memo[t]; ok {
		return v
	}
	v := j.composes(t)
	j.memo[t] = v
	return v
}

func (j *judge) composes(t Term) bool {
	n := j.ts.at(t)
	switch n.op {
	case opName:
		return strings.HasPrefix(n.name, labels)
	case opContext:
		public, rnd, info := n.args[0], n.args[1], n.args[2]
		if !j.derives(info) {
			return false
		}
		if j.derives(public) && j.derives(rnd) {
			return true
		}
		return j.derives(j.ts.at(public).args[0]) && j.derives(j.ts.encap(public, rnd))
	case opTuple, opHash, opVerify, opPublic, opEncap, opSig, opAEAD:
		for _, a := range n.args {
			if !j.derives(a) {
				return false
			}
		}
		return true
	}
	return false
}

// learn returns k with what the given terms add to it.
func (ts *terms) learn(k knowledge, news ...Term) knowledge {
	out := slices.Clone(k)
	for len(news) > 0 {
		for len(news) > 0 {
			t := news[len(news)-1]
			news = news[:len(news)-1]
			i, found := slices.BinarySearch(out, t)
			if found {
				continue
			}
			out = slices.Insert(out, i, t)
			if n := ts.at(t); n.op == opTuple {
				news = append(news, n.args...)
			}
		}
		j := ts.judge(out)
		for _, t := range out {
			if n := ts.at(t); n.op == opAEAD && j.derives(n.args[0]) {
				for _, inner := range n.args[1:] {
					if !out.has(inner) {
						news = append(news, inner)
					}
				}
			}
		}
	}
	return out
}
