// Package control is the way of an administrator to a running host: a socket in the host's state directory.
//
// Who is on the other end is a fact of the kernel (SO_PEERCRED, unix(7)): root and the host's own user are served, and
// nobody else, before the first byte is read. One connection carries one request and one answer, each a line of JSON.
// What an action is, and that it is recorded before it happens, is the Handler's affair.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"bulkhead/host/strictjson"
)

// SocketName is the name of the socket in the state directory.
const SocketName = "control.sock"

// The limits of both ends.
const (
	MaxRequest     = 4 << 10 // bytes of a line
	MaxAnswer      = 1 << 20
	maxConnections = 8 // at once
	readTime       = 5 * time.Second
	writeTime      = 5 * time.Second
	// perSecond is the pace that a host keeps up with for ever, since every request is an entry of its log; burst is what it
	// takes at once.
	perSecond = 2
	burst     = 10
)

// A Request asks for one action.
type Request struct {
	Action   string `json:"action"`             // such as host/status
	Resource string `json:"resource,omitempty"` // on what; "" where the action has none
}

// A Handler does what is asked, or says why not. uid is who asks, from the kernel. The result is one JSON value, the error
// is shown to who asked.
type Handler func(ctx context.Context, uid uint32, r Request) (json.RawMessage, error)

// answer is the line that goes back. Exactly one member is set.
type answer struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

func decodeRequest(line []byte) (Request, error) {
	var r Request
	if err := strictjson.Decode(line, &r); err != nil {
		return Request{}, fmt.Errorf("decoding the request: %w", err)
	}
	if r.Action == "" {
		return Request{}, errors.New("the request names no action")
	}
	return r, nil
}

func decodeAnswer(line []byte) (json.RawMessage, error) {
	var a answer
	if err := strictjson.Decode(line, &a); err != nil {
		return nil, fmt.Errorf("decoding the host's answer: %w", err)
	}
	if (a.Result == nil) == (a.Error == "") {
		return nil, errors.New("decoding the host's answer: it is neither a result nor an error")
	}
	if a.Error != "" {
		return nil, &Refusal{a.Error}
	}
	return a.Result, nil
}

// A Refusal is the host's own no.
type Refusal struct{ Text string }

// Error quotes the host, which need not be what it says it is.
func (e *Refusal) Error() string { return fmt.Sprintf("the host refused: %q", e.Text) }

// address names a file of an open folder: a path of its own could be too long for a socket (108 bytes, unix(7)), and mean
// another folder tomorrow.
func address(folder *os.File) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), SocketName)
}
