package manifest

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checkText refuses what a reader of the file would not see as it is: invalid UTF-8, and characters without a shape of
// their own (controls, bidirectional and zero-width ones, tags, odd spaces), in comments too. It reports whether the
// text is fit for parsing.
func checkText(r *report, text []byte) bool {
	before := len(r.list)
	for line := 1; len(text) > 0 && len(r.list) < before+10; line++ {
		row := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			row = text[:i]
			text = text[i+1:]
		} else {
			text = nil
		}
		checkRow(r, line, bytes.TrimSuffix(row, []byte("\r")))
	}
	return len(r.list) == before
}

func checkRow(r *report, line int, row []byte) {
	if !utf8.Valid(row) {
		r.addLine(line, "save the file as UTF-8", "invalid UTF-8")
		return
	}
	if c, ok := invisible(string(row), "\t"); ok {
		hint := "write the text without it"
		if c == '\ufeff' {
			hint = "save the file without byte order mark"
		}
		r.addLine(line, hint, "character %U is not allowed", c)
	}
}

// invisible returns the first character of s that is neither printable nor in allowed.
func invisible(s, allowed string) (rune, bool) {
	for _, c := range s {
		if !strconv.IsPrint(c) && !strings.ContainsRune(allowed, c) {
			return c, true
		}
	}
	return 0, false
}
