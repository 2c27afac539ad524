package gate

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

// adopt gives the call its identifiers: those of the request that it belongs to, or new ones. A span without its trace is
// nobody's.
func (c *Call) adopt(id string) {
	if c.ID == "" {
		c.ID = id
	}
	if c.ID == "" {
		c.ID = uuid.Must(uuid.NewV7()).String()
	}
	if !isTraceField(c.Trace, 32) {
		var b [16]byte
		rand.Read(b[:]) // never fails (crypto/rand)
		c.Trace, c.Parent = hex.EncodeToString(b[:]), ""
	}
	if !isTraceField(c.Parent, 16) {
		c.Parent = ""
	}
}

// isTraceField reports whether s is n lower-case hex digits and not all zeros, which W3C trace context calls invalid.
func isTraceField(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == "" && strings.Trim(s, "0") != ""
}
