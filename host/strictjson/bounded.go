package strictjson

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxError is how many bytes of a library's error text are kept: it may quote a name of many megabytes.
const maxError = 300

type boundedError struct {
	text string
	err  error
}

func (e *boundedError) Error() string { return e.text }
func (e *boundedError) Unwrap() error { return e.err }

// bounded keeps err's chain and makes its text short and printable.
func bounded(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if len(text) > maxError {
		cut := maxError
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "..."
	}
	return &boundedError{text: strings.Map(printable, text), err: err}
}

func printable(r rune) rune {
	if strconv.IsPrint(r) {
		return r
	}
	return '?'
}
