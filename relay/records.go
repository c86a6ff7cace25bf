package relay

import (
	"bufio"
	"encoding/binary"
	"net"
)

const (
	// recordHeader is how much precedes a TLS record, with its length in the
	// last two bytes: RFC 8446 section 5.1.
	recordHeader = 5

	// sealedBuffer is how much is read ahead of a TLS connection; it holds what
	// is encrypted, and nothing else.
	sealedBuffer = 4096
)

// records is what a TLS connection is read from. crypto/tls decrypts a record
// where it lies, in a buffer that nobody else can reach and that outlives the
// connection until the collector comes by. But the bytes get into that buffer
// through Read: records gives out headers and bodies apart, so that it knows
// where each body went, and clears that place when the next header is asked
// for. By then the record before has been read to its end.
type records struct {
	net.Conn
	in     *bufio.Reader
	header [recordHeader]byte
	have   int    // bytes of header that were given out
	left   int    // bytes of the body still to come
	body   []byte // where the last one went
}

func newRecords(conn net.Conn) *records {
	return &records{Conn: conn, in: bufio.NewReaderSize(conn, sealedBuffer)}
}

// Read returns a part of a header or of a body, never of both.
func (r *records) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if r.left > 0 {
		return r.readBody(b)
	}
	clear(r.body)
	r.body = nil
	n, err := r.in.Read(b[:min(len(b), recordHeader-r.have)])
	r.have += copy(r.header[r.have:], b[:n])
	if r.have == recordHeader {
		r.have, r.left = 0, int(binary.BigEndian.Uint16(r.header[recordHeader-2:]))
	}
	return n, err
}

func (r *records) readBody(b []byte) (int, error) {
	if r.body == nil {
		r.body = b[:min(r.left, cap(b))]
	}
	n, err := r.in.Read(b[:min(len(b), r.left)])
	r.left -= n
	return n, err
}
