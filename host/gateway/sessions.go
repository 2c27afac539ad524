package gateway

import (
	"net/http"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// sessions knows whose each session of the older generation is. The library keeps the sessions themselves and ends idle
// ones; this table never holds more of them than the limits allow. A session is no credential: every request in it
// authenticates, and to any other principal the session does not exist.
type sessions struct {
	limits Limits
	mcp    *mcp.Server

	mu sync.Mutex
	m  map[string]*session
}

type session struct {
	principal string
	used      time.Time
	running   int  // requests in it; a standing stream is none
	beginning bool // the first of them is the one that made it
}

func newSessions(l Limits, m *mcp.Server) *sessions {
	return &sessions{limits: l, mcp: m, m: map[string]*session{}}
}

// add enters a session that the library has just begun. At the principal's limit its least recently used session without
// a running request ends; nobody's session ends for somebody else's.
func (s *sessions) add(id, principal string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m[id] != nil {
		return refuse(http.StatusBadRequest, jsonrpc.CodeInvalidRequest, "the session is initialized already")
	}
	live := s.live()
	for known := range s.m {
		if live[known] == nil {
			delete(s.m, known)
		}
	}
	own, oldest := s.count(principal)
	if own >= s.limits.SessionsPerPrincipal {
		if oldest == "" {
			return refuse(http.StatusTooManyRequests, CodeTooMany, "too many sessions of this principal")
		}
		delete(s.m, oldest)
		go live[oldest].Close() // waits for nothing: no request runs in it
	}
	if len(s.m) >= s.limits.Sessions {
		return refuse(http.StatusServiceUnavailable, CodeTooMany, "too many sessions")
	}
	s.m[id] = &session{principal: principal, used: time.Now(), running: 1, beginning: true}
	return nil
}

// count returns how many sessions a principal has, and of those without a running request the one that was used least
// recently. The lock is held.
func (s *sessions) count(principal string) (n int, oldest string) {
	for id, e := range s.m {
		if e.principal != principal {
			continue
		}
		n++
		if e.running == 0 && (oldest == "" || e.used.Before(s.m[oldest].used)) {
			oldest = id
		}
	}
	return n, oldest
}

// enter reports whether the session exists and is the principal's. If so, leave must be called at the request's end.
func (s *sessions) enter(id, principal string) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.m[id]
	if e == nil || e.principal != principal {
		return nil, false
	}
	e.running++
	return func() { s.leave(e) }, true
}

func (s *sessions) leave(e *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.running--
	e.used = time.Now()
}

// began ends the request that made the session.
func (s *sessions) began(id string) {
	s.mu.Lock()
	e := s.m[id]
	ends := e != nil && e.beginning
	if ends {
		e.beginning = false
	}
	s.mu.Unlock()
	if ends {
		s.leave(e)
	}
}

func (s *sessions) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, id)
}

// live asks the library, which alone knows what idleness has ended.
func (s *sessions) live() map[string]*mcp.ServerSession {
	out := map[string]*mcp.ServerSession{}
	for ss := range s.mcp.Sessions() {
		if id := ss.ID(); id != "" {
			out[id] = ss
		}
	}
	return out
}

// closeAll ends every session and waits for the calls in them, at most that long.
func (s *sessions) closeAll(patience time.Duration) {
	var wg sync.WaitGroup
	for _, ss := range s.live() {
		wg.Go(func() { ss.Close() })
	}
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(patience):
	}
}
