package export

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// syslogMessage is what a receiver gets out of one SYSLOG-MSG.
type syslogMessage struct {
	pri                                int
	timestamp, host, app, proc, id, sd string
	params                             map[string]string
	message                            string
	bom                                bool
}

// parseSyslog takes exactly the ABNF of RFC 5424, section 6, with one SD-ELEMENT, and the limits of its text.
func parseSyslog(s string) (m syslogMessage, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v, before %.60q", p, s)
		}
	}()
	must := func(ok bool, what string) {
		if !ok {
			panic(what)
		}
	}
	literal := func(l string) {
		must(strings.HasPrefix(s, l), "want "+l)
		s = s[len(l):]
	}
	ascii := func(max int) string { // NILVALUE / 1*max PRINTUSASCII
		n := 0
		for n < len(s) && s[n] >= 33 && s[n] <= 126 {
			n++
		}
		must(n >= 1 && n <= max, "header field")
		out := s[:n]
		s = s[n:]
		return out
	}
	literal("<")
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	must(digits >= 1 && digits <= 3 && (digits == 1 || s[0] != '0'), "PRIVAL")
	m.pri, _ = strconv.Atoi(s[:digits])
	must(m.pri <= 191, "PRIVAL range")
	s = s[digits:]
	literal(">1 ")
	m.timestamp = ascii(32)
	if m.timestamp != "-" {
		_, err := time.Parse("2006-01-02T15:04:05.999999Z07:00", m.timestamp)
		must(err == nil && len(m.timestamp) <= len("2006-01-02T15:04:05.000000+00:00"), "TIMESTAMP")
	}
	literal(" ")
	m.host = ascii(255)
	literal(" ")
	m.app = ascii(48)
	literal(" ")
	m.proc = ascii(128)
	literal(" ")
	m.id = ascii(32)
	literal(" [")
	sdName := func() string {
		n := 0
		for n < len(s) && s[n] >= 33 && s[n] <= 126 && !strings.ContainsRune(`= ]"`, rune(s[n])) {
			n++
		}
		must(n >= 1 && n <= 32, "SD-NAME")
		out := s[:n]
		s = s[n:]
		return out
	}
	m.sd = sdName()
	m.params = map[string]string{}
	for strings.HasPrefix(s, " ") {
		literal(" ")
		name := sdName()
		literal(`="`)
		var value strings.Builder
		for !strings.HasPrefix(s, `"`) {
			must(s != "", "value without end")
			if s[0] == '\\' { // here every backslash escapes, which is stricter than the RFC
				must(len(s) > 1 && strings.ContainsRune(`"\]`, rune(s[1])), "escape")
				s = s[1:]
			} else {
				must(s[0] != ']', "bare ]")
			}
			value.WriteByte(s[0])
			s = s[1:]
		}
		literal(`"`)
		_, twice := m.params[name]
		must(!twice, "parameter twice")
		must(utf8.ValidString(value.String()), "UTF-8")
		m.params[name] = value.String()
	}
	literal("]")
	if s != "" {
		literal(" ")
		m.message, m.bom = strings.CutPrefix(s, "\xef\xbb\xbf")
		must(utf8.ValidString(m.message), "UTF-8 of MSG")
		for i := range len(m.message) {
			must(m.bom || m.message[i] < 0x80, "MSG-UTF8 without BOM")
			must(m.message[i] >= 0x20 && m.message[i] != 0x7f, "control character in MSG")
		}
	}
	return m, nil
}
