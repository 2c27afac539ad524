package export

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"bulkhead/host/gate"
)

// text makes any words fit for one field of one line: what does not show becomes an escape, a backslash becomes two, and
// blanks at either end become \x20, since readers trim them. Undoing the escapes as those of a Go string gives the words.
func text(s string) string {
	t := gate.Escape(s)
	inner := strings.Trim(t, " ")
	if len(inner) == len(t) {
		return t
	}
	before := len(t) - len(strings.TrimLeft(t, " "))
	return strings.Repeat(`\x20`, before) + inner + strings.Repeat(`\x20`, len(t)-before-len(inner))
}

// triggers are the characters that make a spreadsheet take a cell for a formula, those of full width among them.
const triggers = "=+-@＝＋－＠"

// separators begin a new cell where a spreadsheet is set to them, inside quotes too if it is told of other quotes.
const separators = ",;|"

// cell is text that no spreadsheet calculates: a trigger that could begin a cell is an escape as well.
func cell(s string) string {
	t := text(s)
	if !strings.ContainsAny(t, triggers) {
		return t
	}
	var b strings.Builder
	begins := true // a cell could begin here, blanks and quotes aside
	for _, r := range t {
		if begins && strings.ContainsRune(triggers, r) {
			b.WriteString(escapeRune(r))
			begins = false
			continue
		}
		b.WriteRune(r)
		begins = begins && strings.ContainsRune(` "'`, r) || strings.ContainsRune(separators, r)
	}
	return b.String()
}

func escapeRune(r rune) string {
	if r < utf8.RuneSelf {
		return fmt.Sprintf(`\x%02x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// name makes words fit for a field of syslog's header: at most max characters of printable ASCII, "-" for none
// (RFC 5424, section 6). It is for words that another field has in full.
func name(s string, max int) string {
	b := make([]byte, 0, max)
	for i := 0; i < len(s) && len(b) < max; i++ {
		if s[i] > ' ' && s[i] < 0x7f {
			b = append(b, s[i])
		} else {
			b = append(b, '_')
		}
	}
	if len(b) == 0 {
		return "-"
	}
	return string(b)
}

// timestamp is the one layout of an entry's time.
const timestamp = "2006-01-02T15:04:05.000000Z"

// moment reads an entry's time.
func moment(s string) (time.Time, bool) {
	t, err := time.Parse(timestamp, s)
	return t, err == nil && t.Format(timestamp) == s
}
