package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"bulkhead/host/gate"
)

// terminal makes hostile text of several lines fit to be shown.
func terminal(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = gate.Escape(l)
	}
	return strings.Join(lines, "\n")
}

// isTerminal reports whether what is written to w reaches a person's screen unread by any other program.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// maxOnTerminal is how many bytes that are no text a person is shown.
const maxOnTerminal = 1 << 10

// onTerminal is hostile data made fit for a person to read.
func onTerminal(data []byte) string {
	if utf8.Valid(data) {
		return terminal(string(data))
	}
	shown := data[:min(len(data), maxOnTerminal)]
	return fmt.Sprintf("%s\n(%d bytes that are not UTF-8, %d shown; to a file or a pipe they go as they are)", gate.Escape(string(shown)), len(data), len(shown))
}
