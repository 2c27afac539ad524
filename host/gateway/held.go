package gateway

import (
	"bytes"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// A heldWriter keeps what the library writes until it is released, then passes everything on. The library writes from
// more than one goroutine.
type heldWriter struct {
	w      http.ResponseWriter
	header http.Header

	mu       sync.Mutex
	released bool
	code     int // 0: nothing written yet
	sent     bool
	dropped  string
	over     bool // the request has ended: its writer must not be touched any more
	body     bytes.Buffer
}

// maxHeld bounds what is held: the library's refusals are short.
const maxHeld = 2 << 20

func newHeldWriter(w http.ResponseWriter) *heldWriter {
	return &heldWriter{w: w, header: http.Header{}}
}

// Header implements http.ResponseWriter.
func (h *heldWriter) Header() http.Header { return h.header }

// WriteHeader implements http.ResponseWriter.
func (h *heldWriter) WriteHeader(code int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.code == 0 {
		h.code = code
	}
	h.forward()
}

// Write implements http.ResponseWriter.
func (h *heldWriter) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.code == 0 {
		h.code = http.StatusOK
	}
	if h.over {
		return 0, http.ErrHandlerTimeout
	}
	if h.released {
		h.forward()
		return h.w.Write(p)
	}
	if h.body.Len()+len(p) > maxHeld {
		return 0, http.ErrContentLength
	}
	return h.body.Write(p)
}

// FlushError is what http.ResponseController looks for.
func (h *heldWriter) FlushError() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.released || h.over {
		return nil
	}
	h.forward()
	return http.NewResponseController(h.w).Flush()
}

// drop keeps a header from the client, if it is not there yet.
func (h *heldWriter) drop(header string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropped = header
}

// release lets everything pass that was held, and that comes from now on.
func (h *heldWriter) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.released = true
	h.forward()
}

// forward sends on what is there, once released. The lock is held.
func (h *heldWriter) forward() {
	if !h.released || h.over || h.code == 0 {
		return
	}
	if !h.sent {
		h.sent = true
		maps.Copy(h.w.Header(), h.header)
		h.w.Header().Del(h.dropped)
		h.w.WriteHeader(h.code)
	}
	if h.body.Len() > 0 {
		h.w.Write(h.body.Bytes()) // an error shows at the next write
		h.body.Reset()
	}
}

// end must be called before the request's handler returns: a call that the client gave up on may still be running.
func (h *heldWriter) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
}

func (h *heldWriter) status() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.code
}

// refusal reads the library's no out of what was held, whichever of its three forms that has: JSON, an event, or text.
func (h *heldWriter) refusal() *refusal {
	h.mu.Lock()
	defer h.mu.Unlock()
	body := h.body.Bytes()
	if _, data, ok := bytes.Cut(body, []byte("data: ")); ok {
		body = bytes.TrimSpace(data)
	}
	if m, err := jsonrpc.DecodeMessage(body); err == nil {
		if response, ok := m.(*jsonrpc.Response); ok {
			return libraryError(h.code, response.Error)
		}
	}
	if h.code == http.StatusNotFound {
		return noSession()
	}
	if h.code < http.StatusBadRequest {
		return refuse(http.StatusInternalServerError, CodeFailed, standardText(CodeFailed))
	}
	return libraryError(h.code, fail(jsonrpc.CodeInvalidRequest, string(bytes.TrimSpace(body))))
}

// A pacedWriter gives every piece of an answer a deadline of its own, so that a slow reader holds nothing for ever while
// a long call may take its time.
type pacedWriter struct {
	http.ResponseWriter
	limit time.Duration
}

// Write implements http.ResponseWriter.
func (p *pacedWriter) Write(b []byte) (int, error) {
	p.pace()
	return p.ResponseWriter.Write(b)
}

// FlushError is what http.ResponseController looks for.
func (p *pacedWriter) FlushError() error {
	p.pace()
	return http.NewResponseController(p.ResponseWriter).Flush()
}

// WriteHeader implements http.ResponseWriter.
func (p *pacedWriter) WriteHeader(code int) {
	p.pace()
	p.ResponseWriter.WriteHeader(code)
}

// Unwrap is what http.ResponseController looks for.
func (p *pacedWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *pacedWriter) pace() {
	// A writer without deadlines, as in tests, has no slow reader either.
	_ = http.NewResponseController(p.ResponseWriter).SetWriteDeadline(time.Now().Add(p.limit))
}
