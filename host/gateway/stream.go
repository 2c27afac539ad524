package gateway

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"bulkhead/host/gate"
)

// openStream serves the standing event stream of a session. Opening it is the action: the stream itself begins when that
// is recorded, and ends with the caller's expiry, the session or the server.
func (s *Server) openStream(w http.ResponseWriter, r *http.Request, call *gate.Call) {
	x := s.bodiless(r, call, actionOpenStream)
	var leave func()
	_, err := x.do(r.Context(), runner(func(context.Context, *gate.Caller) (json.RawMessage, error) {
		var refused *refusal
		if leave, refused = x.standing(r); refused != nil {
			return nil, refused
		}
		return nil, nil
	}))
	if leave != nil {
		defer leave()
	}
	if err != nil {
		refusalOf(err).write(w, jsonrpc.ID{}, call.ID)
		return
	}
	ctx, cancel := context.WithDeadline(r.Context(), call.Caller.Expires())
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	s.legacy.ServeHTTP(w, x.admitted(r.WithContext(ctx)))
}

// standing looks up the session and takes a place among the streams.
func (x *exchange) standing(r *http.Request) (leave func(), refused *refusal) {
	if refused := x.checkSession(r); refused != nil {
		return nil, refused
	}
	exit, refused := x.enter(r)
	if refused != nil {
		return nil, refused
	}
	exit()
	select {
	case x.server.streams <- struct{}{}:
		return func() { <-x.server.streams }, nil
	default:
		return nil, refuse(http.StatusServiceUnavailable, CodeTooMany, "too many streams")
	}
}

// deleteSession ends a session.
func (s *Server) deleteSession(w http.ResponseWriter, r *http.Request, call *gate.Call) {
	x := s.bodiless(r, call, actionDeleteSession)
	held := newHeldWriter(w)
	_, err := x.do(r.Context(), runner(func(context.Context, *gate.Caller) (json.RawMessage, error) {
		if refused := x.checkSession(r); refused != nil {
			return nil, refused
		}
		leave, refused := x.enter(r)
		if refused != nil {
			return nil, refused
		}
		leave()
		s.sessions.remove(r.Header.Get(headerSession))
		s.legacy.ServeHTTP(held, x.admitted(r))
		if held.status() >= http.StatusBadRequest {
			return nil, held.refusal()
		}
		return nil, nil
	}))
	if err != nil {
		refusalOf(err).write(w, jsonrpc.ID{}, call.ID)
		return
	}
	held.release()
}

// bodiless makes the exchange of a GET or DELETE, which has no message.
func (s *Server) bodiless(r *http.Request, call *gate.Call, action string) *exchange {
	x := s.newExchange(r, &message{}, call)
	x.call.Action = action
	return x
}

// checkSession refuses requests that make sense only in the generation that has sessions.
func (x *exchange) checkSession(r *http.Request) *refusal {
	if refused := checkVersion(r); refused != nil {
		return refused
	}
	if x.modern {
		return refuse(http.StatusMethodNotAllowed, jsonrpc.CodeInvalidRequest, "this protocol version has no sessions")
	}
	return nil
}
