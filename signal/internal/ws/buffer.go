package ws

import "sync"

// Buffer is bytes on their way, recycled by a Pool.
type Buffer struct {
	B  []byte
	At int // where in B a frame begins that is to be written
}

// Frame makes the text message in B, which GetFrame has made room for, a frame.
func (b *Buffer) Frame() { b.At = putHead(b.B[:serverHead], len(b.B)-serverHead) }

// Bytes is the frame.
func (b *Buffer) Bytes() []byte { return b.B[b.At:] }

// Pool recycles buffers. Its zero value is ready.
type Pool struct {
	pool sync.Pool // of buffers to queue a frame in
	read sync.Pool // of larger ones, to read what has gathered at once
}

const (
	freshBuffer = 2 << 10
	keptBuffer  = 16 << 10
)

// Get returns an empty buffer.
func (p *Pool) Get() *Buffer {
	if b, ok := p.pool.Get().(*Buffer); ok {
		return b
	}
	return &Buffer{B: make([]byte, 0, freshBuffer)}
}

// getRead returns an empty buffer to read into.
func (p *Pool) getRead() *Buffer {
	if b, ok := p.read.Get().(*Buffer); ok {
		return b
	}
	return &Buffer{B: make([]byte, 0, keptBuffer)}
}

// GetFrame returns a buffer to which a message is to be appended.
func (p *Pool) GetFrame() *Buffer {
	b := p.Get()
	b.B = b.B[:serverHead]
	return b
}

// Put takes a buffer back; one that grew large is left to the collector.
func (p *Pool) Put(b *Buffer) {
	size := cap(b.B)
	b.B, b.At = b.B[:0], 0
	switch {
	case size == keptBuffer:
		p.read.Put(b)
	case size < keptBuffer:
		p.pool.Put(b)
	}
}
