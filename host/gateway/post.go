package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"bulkhead/host/gate"
)

// post serves one message. Malformed ones are turned away here; every other goes through the gate, in one of four
// places: here if it must not reach the library, around the library if it is a notification, in the middleware if the
// library accepts it, and after the library if that turned it away.
func (s *Server) post(w http.ResponseWriter, r *http.Request, call *gate.Call) {
	body, refused := s.read(w, r)
	if refused != nil {
		refused.write(w, jsonrpc.ID{}, call.ID)
		return
	}
	m, malformed := parse(body)
	if malformed != nil {
		(&refusal{http.StatusBadRequest, malformed}).write(w, jsonrpc.ID{}, call.ID)
		return
	}
	x := s.newExchange(r, m, call)
	leave, refused := x.precheck(r)
	if refused != nil {
		x.refuse(r.Context(), refused).write(w, m.id, call.ID)
		return
	}
	defer leave()
	r = x.admitted(r)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if m.isCall() {
		x.request(w, r)
	} else {
		x.notify(w, r)
	}
}

// precheck looks at what the library would not see, or not refuse the way it should be refused. On success leave must be
// called at the end.
func (x *exchange) precheck(r *http.Request) (leave func(), refused *refusal) {
	if refused := checkVersion(r); refused != nil {
		return nil, refused
	}
	if refused := x.unserved(); refused != nil {
		return nil, refused
	}
	if x.modern {
		r.Header.Del(headerSession) // of no meaning there
		return func() {}, nil
	}
	return x.enter(r)
}

// enter finds the session that a request of the older generation belongs to. Somebody else's does not exist.
func (x *exchange) enter(r *http.Request) (leave func(), refused *refusal) {
	id := r.Header.Get(headerSession)
	if id == "" {
		if x.msg.method == methodInitialize {
			return func() {}, nil
		}
		return nil, refuse(http.StatusBadRequest, jsonrpc.CodeInvalidRequest, "the header Mcp-Session-Id is missing")
	}
	leave, ok := x.server.sessions.enter(id, x.principal)
	if !ok {
		return nil, noSession()
	}
	return leave, nil
}

func noSession() *refusal {
	return refuse(http.StatusNotFound, jsonrpc.CodeInvalidRequest, "session not found")
}

func (x *exchange) library() http.Handler {
	if x.modern {
		return x.server.modern
	}
	return x.server.legacy
}

// request lets the library serve a request. What it writes is held back until the message has been through the gate.
func (x *exchange) request(w http.ResponseWriter, r *http.Request) {
	held := newHeldWriter(w)
	defer held.end()
	x.release, x.disown = held.release, func() { held.drop(headerSession) }
	x.library().ServeHTTP(held, r)
	if id := held.Header().Get(headerSession); id != "" {
		x.server.sessions.began(id)
	}
	if x.claimed.Load() {
		return
	}
	refused := x.refuse(context.WithoutCancel(r.Context()), held.refusal())
	refused.write(w, x.msg.id, x.call.ID)
}

// notify takes a notification through the gate on its way to the library.
func (x *exchange) notify(w http.ResponseWriter, r *http.Request) {
	held := newHeldWriter(w)
	_, err := x.do(r.Context(), runner(func(context.Context, *gate.Caller) (json.RawMessage, error) {
		x.library().ServeHTTP(held, r)
		if held.status() >= http.StatusBadRequest {
			return nil, held.refusal()
		}
		return nil, nil
	}))
	if err != nil {
		refusalOf(err).write(w, jsonrpc.ID{}, x.call.ID)
		return
	}
	held.release()
}
