package export

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Syslog is RFC 5424. The event is the MSGID, and every field of the entry a parameter of one element of structured data,
// with `"`, `\` and `]` escaped; the message is for people.
type syslog struct {
	facility int
	element  string // SD-ID
	host     string
	origin   string
	count    bool
}

const bom = "\ufeff"

func newSyslog(o Options) *syslog {
	s := &syslog{facility: FacilityAudit, host: name(o.Host, 255), origin: text(o.Origin), count: o.CountOctets}
	if o.Facility != nil {
		s.facility = *o.Facility
	}
	enterprise := o.Enterprise
	if enterprise == 0 {
		enterprise = EnterpriseExample
	}
	s.element = fmt.Sprintf("bulkhead@%d", enterprise)
	return s
}

func (s *syslog) append(dst []byte, e *Entry) []byte {
	if !s.count {
		return append(s.message(dst, e), '\n')
	}
	m := s.message(nil, e)
	dst = strconv.AppendInt(dst, int64(len(m)), 10)
	dst = append(dst, ' ')
	return append(dst, m...)
}

func (s *syslog) message(dst []byte, e *Entry) []byte {
	when := "-"
	if _, ok := moment(e.Timestamp); ok {
		when = e.Timestamp
	}
	dst = fmt.Appendf(dst, "<%d>1 %s %s bulkhead - %s [%s", s.facility*8+int(levelOf(e)), when, s.host, name(string(e.Event), 32), s.element)
	dst = appendParam(dst, "log", s.origin)
	for _, f := range e.fields() {
		dst = appendParam(dst, f.name, text(f.value))
	}
	dst = append(dst, "] "...)
	return append(dst, s.words(e)...)
}

// appendParam leaves out what is empty.
func appendParam(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(dst, ' ')
	dst = append(dst, name...)
	dst = append(dst, `="`...)
	dst = append(dst, escapeWith(value, `"\]`)...)
	return append(dst, '"')
}

// words are the entry in short. Only what is more than ASCII has to begin with the byte order mark (section 6.4).
func (s *syslog) words(e *Entry) string {
	words := strings.Join([]string{text(e.Actor), text(e.Action), text(e.Resource), text(string(e.Outcome))}, " ")
	if e.Reason != "" {
		words += ": " + text(e.Reason)
	}
	if strings.IndexFunc(words, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		return bom + words
	}
	return words
}
