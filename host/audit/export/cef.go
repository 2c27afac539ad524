package export

import (
	"strconv"
	"strings"
)

// CEF is ArcSight's Common Event Format, version 0: seven fields of a header, separated by bars, and an extension of
// key=value. Bars and backslashes are escaped in the header, equals signs and backslashes in the extension; line ends do
// not occur, being escapes of text already.
type cef struct {
	version string
	origin  string
	host    string
}

func newCEF(o Options) *cef { return &cef{text(o.Version), text(o.Origin), text(o.Host)} }

func (c *cef) append(dst []byte, e *Entry) []byte {
	event := text(string(e.Event))
	dst = append(dst, "CEF:0|Bulkhead|bulkhead|"...)
	for _, f := range []string{c.version, event, strings.ReplaceAll(event, ".", " "), strconv.Itoa(levelOf(e).cef())} {
		dst = append(dst, escapeWith(f, `\|`)...)
		dst = append(dst, '|')
	}
	if t, ok := moment(e.Timestamp); ok {
		dst = appendPair(dst, "rt", strconv.FormatInt(t.UnixMilli(), 10))
	}
	dst = appendPair(dst, "dvchost", c.host)
	dst = appendPair(dst, "deviceExternalId", c.origin)
	for _, f := range e.fields() {
		dst = appendPair(dst, f.cef, text(f.value))
	}
	dst[len(dst)-1] = '\n'
	return dst
}

// appendPair leaves out what is empty.
func appendPair(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(dst, key...)
	dst = append(dst, '=')
	dst = append(dst, escapeWith(value, `\=`)...)
	return append(dst, ' ')
}

// escapeWith puts a backslash before each of some ASCII characters.
func escapeWith(s, special string) string {
	if !strings.ContainsAny(s, special) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(special, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
