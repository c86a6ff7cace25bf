package ws

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

// Bits of a frame's first two bytes.
const (
	bitFIN  = 0x80
	bitsRSV = 0x70
	bitMask = 0x80
)

const (
	maxControl = 125 // bytes of a control frame, RFC 6455 section 5.5
	maxHead    = 14  // bytes before the payload of a client's frame
	serverHead = 10  // at most that many bytes stand before the payload of a server's frame
	in16       = 126 // the length follows in 2 bytes
	in64       = 127 // the length follows in 8 bytes
	maskSize   = 4   // bytes
	codeSize   = 2   // bytes of a close frame's code
	most16     = 1<<16 - 1
)

var errProtocol = errors.New("not as RFC 6455 has it")

// head is what stands before a client's payload.
type head struct {
	op     byte
	fin    bool
	length int
	mask   [maskSize]byte
	size   int // of the head itself
}

// parseHead reads the head of a client's frame. Its size is zero where more
// bytes are needed. No extension is spoken. A length that takes more bytes than it
// must is let pass: nothing depends on it.
func parseHead(b []byte) (head, error) {
	if len(b) < 2 {
		return head{}, nil
	}
	h := head{op: b[0] & 0x0f, fin: b[0]&bitFIN != 0, length: int(b[1] &^ bitMask)}
	control := h.op >= opClose
	switch {
	case b[0]&bitsRSV != 0, b[1]&bitMask == 0,
		h.op > opBinary && !control, h.op > opPong,
		control && (!h.fin || h.length > maxControl):
		return head{}, errProtocol
	}
	at := 2
	switch h.length {
	case in16:
		if len(b) < at+2 {
			return head{}, nil
		}
		h.length = int(binary.BigEndian.Uint16(b[at:]))
		at += 2
	case in64:
		if len(b) < at+8 {
			return head{}, nil
		}
		n := binary.BigEndian.Uint64(b[at:])
		if at += 8; n>>63 != 0 {
			return head{}, errProtocol
		}
		h.length = int(min(n, 1<<30)) // more than any limit, and no less than int holds anywhere
	}
	if len(b) < at+maskSize {
		return head{}, nil
	}
	copy(h.mask[:], b[at:])
	h.size = at + maskSize
	return h, nil
}

// unmask takes the mask off a payload, RFC 6455 section 5.3.
func unmask(b []byte, mask [maskSize]byte) {
	if mask == [maskSize]byte{} {
		return
	}
	word := uint64(binary.LittleEndian.Uint32(mask[:]))
	word |= word << 32
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^word)
	}
	for i := range b {
		b[i] ^= mask[i&3]
	}
}

// putHead writes the head of a text frame into the end of room, which has
// serverHead bytes, for a payload of n that follows it. It returns where the
// head begins.
func putHead(room []byte, n int) (at int) {
	switch {
	case n < in16:
		at = serverHead - 2
		room[at+1] = byte(n & 0xff)
	case n <= most16:
		at = serverHead - 4
		room[at+1] = in16
		binary.BigEndian.PutUint16(room[at+2:], uint16(n))
	default:
		room[at+1] = in64
		binary.BigEndian.PutUint64(room[at+2:], uint64(n))
	}
	room[at] = bitFIN | opText
	return at
}

// appendControl appends a server's control frame.
func appendControl(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, bitFIN|op, byte(len(payload)&0xff))
	return append(dst, payload...)
}

// parseClose reads a close frame's payload. Without one the code is 1005.
func parseClose(b []byte) (code int, err error) {
	if len(b) == 0 {
		return codeNone, nil
	}
	if len(b) < codeSize {
		return 0, errProtocol
	}
	code = int(binary.BigEndian.Uint16(b))
	if !mayBeSent(code) || !utf8.Valid(b[codeSize:]) {
		return 0, errProtocol
	}
	return code, nil
}

// Close codes of RFC 6455, section 7.4.1.
const (
	CodeNormal   = 1000
	codeProtocol = 1002
	codeNone     = 1005
	codeAbnormal = 1006
	codeTLS      = 1015
)

// mayBeSent reports whether a close frame may hold the code, RFC 6455
// section 7.4.
func mayBeSent(code int) bool {
	switch {
	case code == 1004, code == codeNone, code == codeAbnormal, code == codeTLS:
		return false
	case code >= CodeNormal && code <= 1014:
		return true
	}
	return code >= 3000 && code < 5000
}
