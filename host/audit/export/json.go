package export

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"bulkhead/host/gate"
)

// appendJSON writes {"index","hash","entry"}. The entry is its exact bytes, whose SHA-256 is the hash. If anything in
// them does not show, it is written as JSON escapes of the same value, and the member "bytes" has the exact bytes in
// base64.
func appendJSON(dst []byte, e *Entry) []byte {
	dst = append(dst, `{"index":`...)
	dst = strconv.AppendUint(dst, e.Index, 10)
	dst = append(dst, `,"hash":"`...)
	dst = append(dst, e.Hash...)
	dst = append(dst, `","entry":`...)
	body := string(e.Body)
	shown := escapeJSON(body)
	dst = append(dst, shown...)
	if shown != body {
		dst = append(dst, `,"bytes":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, e.Body)
		dst = append(dst, '"')
	}
	return append(dst, "}\n"...)
}

// escapeJSON writes what does not show in JSON text as JSON escapes. Such characters occur in strings only, since an
// entry is written without blanks between its members.
func escapeJSON(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !gate.Visible(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case gate.Visible(r):
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
