package sdk

import (
	"fmt"
	"strings"

	"bulkhead/abi"
)

// Log writes a line to the host's log. It needs the capability log and never fails: what is over the plugin's quota is
// dropped and counted. A line is cut at abi.MaxLogLine bytes, and the host escapes control characters.
func Log(level abi.Level, format string, args ...any) {
	line := cut(valid(fmt.Sprintf(format, args...)), abi.MaxLogLine)
	hostLog(uint32(level), []byte(line))
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
