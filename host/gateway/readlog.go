package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"bulkhead/host/audit/tree"
	"bulkhead/host/gate"
)

// AuditPath is the prefix of the log, as c2sp.org/tlog-tiles has it: AuditPath + "checkpoint", AuditPath + "tile/...".
const AuditPath = "/audit/"

// An AuditSource is the log as its readers see it. It is safe for concurrent use.
type AuditSource interface {
	// Checkpoint returns the latest published checkpoint, a signed note; nil: there is none yet.
	Checkpoint() []byte
	// Tile returns the tile or entry bundle of a path that tree.ParsePath takes. The error wraps fs.ErrNotExist if the log
	// has none: it is not so long, or that part of it has been pruned.
	Tile(path string) ([]byte, error)
}

const checkpointPath = "checkpoint"

// serveLog serves a part of the log to whom policy lets have the action audit/read on the path. Each such read is a call
// with its entries, as every other, so that reading makes the log grow: by two entries each time. Whoever follows a log
// reads the checkpoint once in a while and then full tiles and bundles, 256 entries at a time, and keeps them: they never
// change.
func (s *Server) serveLog(w http.ResponseWriter, r *http.Request, path string) {
	if s.Audit == nil || r.URL.RawQuery != "" || r.URL.EscapedPath() != r.URL.Path || !ofLog(path) {
		http.NotFound(w, r)
		return
	}
	allowPage(w, r)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		preflight(w, r)
		return
	default:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if refused := checkHeaders(r); refused != nil {
		refused.write(w, jsonrpc.ID{}, "")
		return
	}
	if call := s.authenticate(w, r); call != nil {
		s.readLog(w, r, call, path)
	}
}

func ofLog(path string) bool {
	_, err := tree.ParsePath(path)
	return err == nil || path == checkpointPath
}

// readLog takes the read through the gate and then answers.
func (s *Server) readLog(w http.ResponseWriter, r *http.Request, call *gate.Call, path string) {
	x := s.bodiless(r, call, actionReadLog)
	x.call.Resource = path
	select {
	case s.reads <- struct{}{}:
		defer func() { <-s.reads }()
	default: // what waits to be sent is held in memory
		x.refuse(r.Context(), refuse(http.StatusServiceUnavailable, CodeTooMany, "too many reads of the log at once")).write(w, jsonrpc.ID{}, call.ID)
		return
	}
	var part []byte
	_, err := x.do(r.Context(), runner(func(context.Context, *gate.Caller) (_ json.RawMessage, err error) {
		part, err = s.partOfLog(path)
		return nil, err
	}))
	if err != nil {
		refusalOf(err).write(w, jsonrpc.ID{}, call.ID)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	if path != checkpointPath {
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
		h.Add("Vary", "Authorization")
	}
	h.Set("Content-Length", strconv.Itoa(len(part)))
	w.Write(part)
}

func (s *Server) partOfLog(path string) ([]byte, error) {
	if path == checkpointPath {
		if c := s.Audit.Checkpoint(); len(c) > 0 {
			return c, nil
		}
		return nil, notInLog()
	}
	part, err := s.Audit.Tile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notInLog()
	}
	return part, err
}

func notInLog() *refusal {
	return refuse(http.StatusNotFound, jsonrpc.CodeInvalidRequest, "the log has no such part")
}
