package privacy

import (
	"context"
	"encoding"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
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

// text returns what may be shown of x. A log line brings nobody down: a method
// that panics, as those of nil pointers do, leaves the name of the type.
func text(x any, depth int) (shown string) {
	defer func() {
		if recover() != nil {
			shown = fmt.Sprintf("(%T)", x)
		}
	}()
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
	kind := v.Kind()
	switch {
	case kind == reflect.String:
		return Strip(v.String())
	case kind == reflect.Bool, v.CanFloat(), v.CanInt(), v.CanUint():
		return fmt.Sprint(v.Interface())
	case depth == 0:
	case kind == reflect.Slice, kind == reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			break // raw bytes may be an address
		}
		items := make([]string, v.Len())
		for i := range items {
			items[i] = text(v.Index(i).Interface(), depth-1)
		}
		return Strip("[" + strings.Join(items, " ") + "]")
	case kind == reflect.Map:
		items := make([]string, 0, v.Len())
		for k, x := range v.Seq2() {
			items = append(items, text(k.Interface(), depth-1)+":"+text(x.Interface(), depth-1))
		}
		return Strip("map[" + strings.Join(items, " ") + "]")
	}
	return "(" + v.Type().String() + ")" // a struct may hold anything
}
