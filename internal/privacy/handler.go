package privacy

import (
	"bytes"
	"context"
	"encoding"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"time"
)

// maxDepth is how deep a value of lists and maps is followed.
const maxDepth = 4

// Handler passes records on without the IP addresses in them. Values whose
// text it cannot know are replaced by the name of their type.
type Handler struct{ next slog.Handler }

// NewHandler returns a Handler in front of next.
func NewHandler(next slog.Handler) *Handler { return &Handler{next: next} }

// Enabled asks the next handler.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle strips message and attributes.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, Strip(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(stripAttr(a))
		return true
	})
	return h.next.Handle(ctx, out)
}

// WithAttrs strips attrs once and for all.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = stripAttr(a)
	}
	return &Handler{next: h.next.WithAttrs(out)}
}

// WithGroup strips the name.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{next: h.next.WithGroup(Strip(name))}
}

func stripAttr(a slog.Attr) slog.Attr {
	return slog.Attr{Key: Strip(a.Key), Value: stripValue(a.Value)}
}

func stripValue(v slog.Value) slog.Value {
	v = v.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(Strip(v.String()))
	case slog.KindGroup:
		group := v.Group()
		out := make([]slog.Attr, len(group))
		for i, a := range group {
			out[i] = stripAttr(a)
		}
		return slog.GroupValue(out...)
	case slog.KindAny:
		return slog.StringValue(text(v.Any(), maxDepth))
	case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindInt64, slog.KindTime, slog.KindUint64, slog.KindLogValuer:
	}
	return v
}

// text returns what may be shown of x.
func text(x any, depth int) string {
	switch v := x.(type) {
	case nil:
		return "<nil>"
	case error:
		return Strip(v.Error())
	case encoding.TextMarshaler:
		b, err := v.MarshalText()
		if err != nil {
			return fmt.Sprintf("(%T)", x)
		}
		return Strip(string(b))
	case fmt.Stringer:
		return Strip(v.String())
	case []byte:
		return fmt.Sprintf("(%d bytes)", len(v))
	}
	return reflected(reflect.ValueOf(x), depth)
}

func reflected(v reflect.Value, depth int) string {
	switch v.Kind() {
	case reflect.String:
		return Strip(v.String())
	case reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprint(v.Interface())
	case reflect.Slice, reflect.Array:
		if depth == 0 || v.Type().Elem().Kind() == reflect.Uint8 {
			break
		}
		items := make([]string, v.Len())
		for i := range items {
			items[i] = text(v.Index(i).Interface(), depth-1)
		}
		return Strip("[" + strings.Join(items, " ") + "]")
	case reflect.Map:
		if depth == 0 {
			break
		}
		items := make([]string, 0, v.Len())
		for k, x := range v.Seq2() {
			items = append(items, text(k.Interface(), depth-1)+":"+text(x.Interface(), depth-1))
		}
		return Strip("map[" + strings.Join(items, " ") + "]")
	default:
	}
	return "(" + v.Type().String() + ")" // a struct may hold anything
}

// maxLine is the longest line that a Writer keeps together.
const maxLine = 8 << 10

// Writer logs each line that is written to it: for libraries that know no
// slog. It is safe for concurrent use.
type Writer struct {
	log   *slog.Logger
	level slog.Level

	mu  sync.Mutex // guards buf; never held while logging
	buf []byte
}

// NewWriter returns a Writer that logs at level.
func NewWriter(log *slog.Logger, level slog.Level) *Writer {
	return &Writer{log: log, level: level}
}

// Write takes part of a line, a line, or many; it never fails.
func (w *Writer) Write(p []byte) (int, error) {
	for _, line := range w.take(p) {
		w.record(line)
	}
	return len(p), nil
}

func (w *Writer) take(p []byte) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = append(w.buf, p...)
	var lines []string
	for {
		i := bytes.IndexByte(w.buf, '\n')
		if i < 0 {
			break
		}
		lines = append(lines, string(w.buf[:i]))
		w.buf = w.buf[i+1:]
	}
	if len(w.buf) > maxLine { // cut between words: an address must not be halved
		at := bytes.LastIndexByte(w.buf, ' ')
		if at < 0 {
			lines = append(lines, "(a line too long to be shown)")
			at = len(w.buf) - 1
		} else {
			lines = append(lines, string(w.buf[:at]))
		}
		w.buf = w.buf[at+1:]
	}
	w.buf = bytes.Clone(w.buf)
	return lines
}

func (w *Writer) record(line string) {
	ctx := context.Background() //nolint:forbidigo // io.Writer has no context to pass on
	h := w.log.Handler()
	if line == "" || !h.Enabled(ctx, w.level) {
		return
	}
	_ = h.Handle(ctx, slog.NewRecord(time.Now(), w.level, Strip(line), 0))
}
