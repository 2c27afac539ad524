package gate

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"bulkhead/abi"
)

// Escape makes hostile words fit for one line of a log or a terminal: whatever does not show, steers, hides, or turns the
// reading direction becomes an escape, and so does a backslash, so that different words stay different.
func Escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		case Visible(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		i += n
	}
	return b.String()
}

// EscapeJSON writes what does not show in JSON text as JSON escapes, so that it steers no terminal. The value stays the same
// where such characters occur in strings only, as they do in text without blanks between its members.
func EscapeJSON(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !Visible(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case Visible(r):
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// Visible reports whether r shows: no control, format or direction character, and none of the letters and marks that
// Unicode lets a terminal leave out.
func Visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// maxWords is how much of somebody's words an entry takes, in bytes.
const maxWords = abi.MaxReason

// escape also cuts to limit bytes, on a whole character.
func escape(s string, limit int) string {
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return Escape(s)
}
