package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// How much of what a plugin says on the workbench is kept, of log lines and audit objects each. The rest is counted.
const (
	maxKept      = 100
	maxKeptBytes = 256 << 10
)

// A collector keeps what a plugin says and counts what it does. It is the log of entries and the handler of log lines in
// one, and safe for concurrent use.
type collector struct {
	mu                 sync.Mutex
	log                []logLine
	audit              []json.RawMessage
	logRoom, auditRoom room
	uses               map[string]*uses
}

// A logLine is one line of a plugin's log. The words are the plugin's, escaped.
type logLine struct {
	Level string `json:"level"`
	Line  string `json:"line"`
}

// uses counts how often a capability was asked for.
type uses struct {
	Done    int `json:"done"`
	Refused int `json:"refused,omitempty"` // by quota, form, or because there was no call
}

// A room is what is left to keep things in.
type room struct{ things, bytes int }

func (r *room) take(size int) bool {
	if r.things == 0 || r.bytes < size {
		return false
	}
	r.things, r.bytes = r.things-1, r.bytes-size
	return true
}

func newCollector() *collector {
	return &collector{
		log: []logLine{}, audit: []json.RawMessage{}, logRoom: room{maxKept, maxKeptBytes}, auditRoom: room{maxKept, maxKeptBytes},
		uses: map[string]*uses{},
	}
}

func (c *collector) use(capability abi.Capability, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.uses[capability.String()]
	if u == nil {
		u = &uses{}
		c.uses[capability.String()] = u
	}
	if err != nil {
		u.Refused++
	} else {
		u.Done++
	}
}

// Append implements gate.Log. Of the entries that a host would write it keeps the plugin's own words.
func (c *collector) Append(_ context.Context, e gate.Entry) (gate.Receipt, error) {
	if e.Event == "" {
		return gate.Receipt{}, errors.New("an entry of no event")
	}
	if e.Event != gate.CapabilityAudit {
		return gate.Receipt{}, nil
	}
	var object bytes.Buffer
	if err := json.Compact(&object, e.Detail); err != nil {
		return gate.Receipt{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.auditRoom.take(object.Len()) {
		c.audit = append(c.audit, object.Bytes())
	}
	return gate.Receipt{}, nil
}

// Enabled implements slog.Handler.
func (c *collector) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (c *collector) Handle(_ context.Context, r slog.Record) error {
	l := logLine{Level: strings.ToLower(r.Level.String())}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "line" {
			l.Line = a.Value.String()
		}
		return true
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.logRoom.take(len(l.Line)) {
		c.log = append(c.log, l)
	}
	return nil
}

// WithAttrs implements slog.Handler; a binding makes no loggers.
func (c *collector) WithAttrs([]slog.Attr) slog.Handler { return c }

// WithGroup implements slog.Handler.
func (c *collector) WithGroup(string) slog.Handler { return c }

// A heard is what there was to hear of a plugin.
type heard struct {
	Log      []logLine         `json:"log"`
	Audit    []json.RawMessage `json:"audit"`
	NotShown notShown          `json:"not_shown"`
	Uses     map[string]uses   `json:"uses"` // by capability
}

// notShown counts the log lines and audit objects beyond those.
type notShown struct {
	Log   int `json:"log"`
	Audit int `json:"audit"`
}

// heard returns everything so far. The runtime itself dropped so many lines.
func (c *collector) heard(dropped uint64) heard {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := heard{Log: c.log, Audit: c.audit, Uses: map[string]uses{}}
	for name, u := range c.uses {
		h.Uses[name] = *u
	}
	h.NotShown.Log = h.Uses[abi.Log.String()].Done - len(c.log) + int(min(dropped, math.MaxInt32))
	h.NotShown.Audit = h.Uses[abi.Audit.String()].Done - len(c.audit)
	return h
}
