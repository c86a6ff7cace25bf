package sealmodel

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Term is a symbolic value. Equal values have equal terms.
type Term uint32

type op uint8

const (
	opName    op = iota // a value that nothing explains: nonce, seed, label
	opTuple             // joined values, taken apart by anybody
	opHash              // SHA-256, HMAC or a KDF: one way, made by whoever has the arguments
	opVerify            // the public half of a signing key
	opPublic            // the public half of a KEM seed
	opEncap             // the KEM's message, of a public key and the sender's randomness
	opContext           // the HPKE context of a public key, the randomness and info
	opSig               // a signature, of a signing key and a message
	opAEAD              // sealed under a key: key, associated data, content
)

type node struct {
	op   op
	name string
	args []Term
}

// terms holds every term once. It belongs to one exploration, so to one
// goroutine.
type terms struct {
	nodes []node
	index map[string]Term
}

func newTerms() *terms { return &terms{index: make(map[string]Term)} }

func (ts *terms) intern(n node) Term {
	key := make([]byte, 1, 1+len(n.name)+4*len(n.args))
	key[0] = byte(n.op)
	key = append(key, n.name...)
	for _, a := range n.args {
		key = binary.BigEndian.AppendUint32(key, uint32(a))
	}
	if t, ok := ts.index[string(key)]; ok {
		return t
	}
	t := Term(len(ts.nodes) & 0x7fffffff)
	ts.nodes = append(ts.nodes, n)
	ts.index[string(key)] = t
	return t
}

func (ts *terms) name(s string) Term           { return ts.intern(node{op: opName, name: s}) }
func (ts *terms) make(o op, args ...Term) Term { return ts.intern(node{op: o, args: args}) }
func (ts *terms) tuple(args ...Term) Term      { return ts.make(opTuple, args...) }
func (ts *terms) public(seed Term) Term        { return ts.make(opPublic, seed) }
func (ts *terms) sign(key, message Term) Term  { return ts.make(opSig, key, message) }
func (ts *terms) seal(key, aad, pt Term) Term  { return ts.make(opAEAD, key, aad, pt) }
func (ts *terms) encap(public, rnd Term) Term  { return ts.make(opEncap, public, rnd) }
func (ts *terms) at(t Term) node               { return ts.nodes[t] }

// labels begin every name that everybody knows.
const labels = "ringfence/v1/"

func (ts *terms) label(s string) Term { return ts.name(labels + s) }

// hash is domain-separated by its label, as each of the specification is.
func (ts *terms) hash(label string, args ...Term) Term {
	return ts.make(opHash, append([]Term{ts.label(label)}, args...)...)
}

func (ts *terms) text(t Term) string {
	n := ts.at(t)
	if n.op == opName {
		return strings.TrimPrefix(n.name, labels)
	}
	args := make([]string, len(n.args))
	for i, a := range n.args {
		args[i] = ts.text(a)
	}
	return fmt.Sprintf("%s(%s)", [...]string{"", "", "h", "vk", "pk", "enc", "ctx", "sig", "seal"}[n.op], strings.Join(args, " "))
}
