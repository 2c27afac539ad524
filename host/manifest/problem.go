package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Problem is one thing that is wrong with a manifest.
type Problem struct {
	File    string `json:"file"`           // name of the file, without its folder
	Line    int    `json:"line,omitempty"` // from 1; 0 where no single line is to blame
	Key     string `json:"key,omitempty"`  // dotted path, as TOML would write it; "" for the file as a whole
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do next
}

// String is "FILE:LINE: KEY: MESSAGE", and the hint on lines of its own.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Key != "" {
		fmt.Fprintf(&b, ": %s", p.Key)
	}
	fmt.Fprintf(&b, ": %s", p.Message)
	if p.Hint != "" {
		fmt.Fprintf(&b, "\n    hint: %s", strings.ReplaceAll(p.Hint, "\n", "\n          "))
	}
	return b.String()
}

// Problems is everything that is wrong, never empty, in the order of the files and their lines. It is the only error
// that this package returns; a command that gets it exits with code 2.
type Problems struct{ List []Problem }

// maxProblems is how many problems Error prints. List has them all.
const maxProblems = 100

// Error lists the problems, one after the other.
func (p *Problems) Error() string {
	var b strings.Builder
	for i, q := range p.List {
		if i == maxProblems {
			fmt.Fprintf(&b, "\nand %d more problems", len(p.List)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(q.String())
	}
	return b.String()
}

// A report collects the problems of one file.
type report struct {
	file    string
	outline *outline // nil: no lines are known
	list    []Problem
}

// add reports a problem at a key. hint may be "".
func (r *report) add(at keyPath, hint, format string, a ...any) {
	r.list = append(r.list, Problem{File: r.file, Line: r.outline.line(at), Key: at.String(), Message: fmt.Sprintf(format, a...), Hint: hint})
}

// addLine reports a problem on a line.
func (r *report) addLine(line int, hint, format string, a ...any) {
	r.list = append(r.list, Problem{File: r.file, Line: line, Message: fmt.Sprintf(format, a...), Hint: hint})
}

// problems joins the reports, each sorted by line; nil if there is none.
func problems(reports ...*report) error {
	var all []Problem
	for _, r := range reports {
		slices.SortStableFunc(r.list, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
		})
		all = append(all, r.list...)
	}
	if all == nil {
		return nil
	}
	return &Problems{List: all}
}

// A keyPath leads to a key. A step that begins with NUL, which no key contains, is a position in an array.
type keyPath []string

func (p keyPath) add(steps ...string) keyPath { return append(slices.Clip(p), steps...) }

func (p keyPath) index(i int) keyPath { return p.add("\x00" + strconv.Itoa(i)) }

// String is the path as TOML writes it, with [N] for positions.
func (p keyPath) String() string {
	var b strings.Builder
	for i, step := range p {
		if pos, ok := strings.CutPrefix(step, "\x00"); ok {
			fmt.Fprintf(&b, "[%s]", pos)
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(keyName(step))
	}
	return b.String()
}

func keyName(s string) string {
	odd := func(r rune) bool { return r > 0x7f || !isBare(byte(r)) }
	if s == "" || len(s) > maxName || strings.ContainsFunc(s, odd) {
		return quote(s)
	}
	return s
}

// quote quotes a word of the operator's, shortened and with everything unprintable escaped.
func quote(s string) string {
	if len(s) > maxName {
		return strconv.Quote(strings.ToValidUTF8(s[:maxName], "")) + "..."
	}
	return strconv.Quote(s)
}
