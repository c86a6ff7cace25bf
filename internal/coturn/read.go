package coturn

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

var (
	errSize    = errors.New("coturn: the file is larger than 1 MiB")
	errOptions = errors.New("coturn: the file has more than 10000 lines with an option")
)

// Read reads a configuration file of coturn's; name is what errors call it.
// It fails only where the file cannot be read or is beyond [MaxFile] or
// [MaxOptions]. What is wrong in it are the Refusals of the Result.
func Read(r io.Reader, name string) (Result, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return Result{}, fmt.Errorf("coturn: %s: %w", name, err)
	}
	if len(raw) > MaxFile {
		return Result{}, fmt.Errorf("%w: %s", errSize, name)
	}
	f := newFile()
	if err := f.scan(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))); err != nil {
		return Result{}, fmt.Errorf("%w: %s", err, name)
	}
	return f.mean(), nil
}

// file is what the lines of a file say, before it is known what they mean
// together.
type file struct {
	options map[string]Option
	given   map[string][]given
	users   map[string]int // where in res.Users
	guesses int            // how often a near spelling was looked for
	res     Result
}

// given is an option on a line.
type given struct {
	opt  Option
	line int
	text string // the value; without a comment where that can be told
	yes  bool   // of flags
	n    int64  // of numbers
}

func newFile() *file {
	f := &file{options: map[string]Option{}, given: map[string][]given{}, users: map[string]int{}}
	for _, o := range Options() {
		f.options[o.Name] = o
	}
	return f
}

func (f *file) scan(raw []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, MaxFile+1)
	lines.Split(splitLF)
	options := 0
	for line := 1; lines.Scan(); line++ {
		s := strings.Trim(lines.Text(), " \t\v\f\r")
		if s == "" || s[0] == '#' {
			continue
		}
		if options++; options > MaxOptions {
			return errOptions
		}
		f.line(line, s)
	}
	return nil
}

// splitLF is bufio.ScanLines but for the CR, which is looked at with the rest.
func splitLF(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

func (f *file) line(line int, s string) {
	switch {
	case len(s) > MaxLine:
		f.refuse(line, "", fmt.Sprintf("the line has %d bytes; coturn reads only the first %d and takes the rest as a line of its own", len(s), MaxLine), "make it shorter")
		return
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		f.refuse(line, "", "the line holds a control character", "write it anew; the file may have been written with another system's line ends")
		return
	}
	name, value := cut(s)
	o, ok := f.options[name]
	if !ok {
		f.unknown(line, name)
		return
	}
	g := given{opt: o, line: line, text: value}
	if o.takes.commented() {
		g.text = uncomment(value)
	}
	if f.value(&g) {
		f.given[name] = append(f.given[name], g)
	}
}

// cut takes a line apart as coturn does: any run of blanks, tabs and '='
// parts name and value, and quotes around the value are not part of it.
func cut(s string) (name, value string) {
	i := strings.IndexAny(s, " =\t")
	if i < 0 {
		return s, ""
	}
	name, value = s[:i], strings.TrimLeft(s[i:], " =\t")
	if rest, quoted := strings.CutPrefix(value, `"`); quoted {
		value = strings.TrimSuffix(strings.TrimRight(rest, " \t"), `"`)
	}
	return name, value
}

// uncomment drops a comment behind a value that can hold no '#' itself.
func uncomment(s string) string {
	for i := range len(s) {
		if s[i] == '#' && (i == 0 || s[i-1] == ' ' || s[i-1] == '\t') {
			return strings.TrimRight(s[:i], " \t")
		}
	}
	return s
}

// value reads the text of g by what its option takes; false: it was refused.
func (f *file) value(g *given) bool {
	o := g.opt
	var ok bool
	switch o.takes {
	case flag, mark, off:
		if g.yes, ok = boolean(g.text); !ok {
			f.refuseGiven(*g, "yes or no is wanted, and this is neither: "+shown(*g), "write 1 or 0, or the name alone")
		}
		return ok
	case duration, number:
		if g.text == "" && o.takes == duration || o.Fate != Honoured && o.takes == number {
			return true // nobody looks at it
		}
		n, err := strconv.ParseInt(g.text, 10, 64)
		if err != nil || o.hi > 0 && (n > o.hi || n < o.lo) {
			f.refuseGiven(*g, fmt.Sprintf("a number%s is wanted, not %s", between(o), shown(*g)), "")
			return false
		}
		g.n = n
	case word, text, secret:
		if g.text == "" && o.Fate != Needless {
			f.refuseGiven(*g, "the value is missing", "write "+o.Name+"=… or delete the line")
			return false
		}
		if o.takes != word && o.Fate == Honoured && strings.Contains(g.text, " #") {
			f.note(g.line, o.Name, Honoured, `the value holds " #": what looks like a comment is part of it, as in coturn`, "")
		}
	}
	return true
}

func between(o Option) string {
	if o.hi == 0 {
		return ""
	}
	return fmt.Sprintf(" from %d to %d", o.lo, o.hi)
}

// boolean reads a value as coturn does, mostly by its first letter.
func boolean(s string) (yes, ok bool) {
	if s == "" {
		return true, true
	}
	switch s[0] {
	case '0', 'n', 'N', 'f', 'F':
		return false, true
	case 'y', 'Y', 't', 'T', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return true, true
	}
	switch s {
	case "off", "OFF", "Off":
		return false, true
	case "on", "ON", "On":
		return true, true
	}
	return false, false
}

// shown is the value of g for a sentence: quoted, short, and hidden where it
// is a secret.
func shown(g given) string {
	if g.opt.takes == secret {
		return hidden
	}
	return quoted(g.text)
}

func quoted(s string) string {
	const most = 48
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "…"
	}
	return strconv.QuoteToASCII(s)
}

func (f *file) unknown(line int, name string) {
	const says = "coturn knows no such option, and would go on without it"
	if strings.HasPrefix(name, "-") {
		f.refuse(line, quoted(name), "a file holds the names of options without dashes, and only the long ones", "write "+orDelete(f.nearest(strings.TrimLeft(name, "-"))))
		return
	}
	do := "delete the line"
	if near := f.nearest(name); near != "" {
		do = "write " + near + ", if that is meant, or delete the line"
	}
	f.refuse(line, quoted(name), says, do)
}

func orDelete(name string) string {
	if name == "" {
		return "the long name"
	}
	return name
}

// nearest is the known option that s most likely means, or "".
func (f *file) nearest(s string) string {
	const most, letters = 50, 40 // it is slow work: no file makes it endless
	if f.guesses++; f.guesses > most || len(s) > letters {
		return ""
	}
	best, bound := "", max(2, len(s)/3)
	for _, o := range Options() {
		if d := distance(s, o.Name); o.Since != "none" && d <= bound {
			best, bound = o.Name, d-1
		}
	}
	return best
}

// distance is the number of letters to add, drop or change between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func (f *file) note(line int, option string, fate Fate, says, do string) {
	f.res.Notes = append(f.res.Notes, Note{line, option, fate, says, do})
}

func (f *file) refuse(line int, option, why, do string) {
	f.res.Refusals = append(f.res.Refusals, Note{line, option, Refused, why, do})
}

func (f *file) refuseGiven(g given, why, do string) { f.refuse(g.line, g.opt.Name, why, do) }

func (f *file) unsafe(line int, option, why, do string) {
	f.res.Refusals = append(f.res.Refusals, Note{line, option, Unsafe, why, do})
}

// last is the line that counts of an option that has one value.
func (f *file) last(name string) (given, bool) {
	all := f.given[name]
	if len(all) == 0 {
		return given{}, false
	}
	return all[len(all)-1], true
}

// on reports whether a flag is set, and by which line.
func (f *file) on(name string) (line int, yes bool) {
	g, ok := f.last(name)
	return g.line, ok && g.yes
}

func (f *file) set(line int, key string, values ...string) {
	f.res.Settings = append(f.res.Settings, Setting{key, values, line})
}

// sorted orders what is said by line; what is about the file as a whole
// comes last.
func sorted(notes []Note) []Note {
	slices.SortStableFunc(notes, func(a, b Note) int {
		if (a.Line == 0) != (b.Line == 0) {
			return b.Line - a.Line
		}
		return a.Line - b.Line
	})
	return notes
}
