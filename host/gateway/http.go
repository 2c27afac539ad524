package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"bulkhead/host/gate"
)

// Path is where MCP is served.
const Path = "/mcp"

// retryAfter is what clients are told that should come back.
const retryAfter = "5" // seconds

// Handler serves MCP on Path, the log below AuditPath, and /healthz and /readyz. It must be served on a loopback address, and needs
// http.LocalAddrContextKey, which every http.Server sets.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w = &pacedWriter{ResponseWriter: w, limit: s.Limits.WriteTime}
		s.expectBody(w, r)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if s.foreign(r) {
			s.Gate.Stranger(peer(r), "foreign")
			http.Error(w, "forbidden: foreign Host or Origin", http.StatusForbidden)
			return
		}
		if path, ok := strings.CutPrefix(r.URL.Path, AuditPath); ok {
			s.serveLog(w, r, path)
			return
		}
		switch r.URL.Path { // exactly: nothing is cleaned, nothing redirected
		case Path:
			s.serveMCP(w, r)
		case "/healthz":
			health(w, r, nil)
		case "/readyz":
			health(w, r, s.ready())
		default:
			http.NotFound(w, r)
		}
	})
}

func (s *Server) ready() error {
	if s.stopping.Err() != nil {
		return errors.New("stopping")
	}
	if s.Ready == nil {
		return nil
	}
	return s.Ready()
}

// health tells a stranger one word.
func health(w http.ResponseWriter, r *http.Request, err error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if err != nil {
		http.Error(w, "unavailable", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "ok\n")
}

// serveMCP finds out who asks before it reads what is asked: a stranger gets no more work done than that.
func (s *Server) serveMCP(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" { // nothing is ever read from there, and a token must not stand there
		http.NotFound(w, r)
		return
	}
	allowPage(w, r)
	var serve func(http.ResponseWriter, *http.Request, *gate.Call)
	switch r.Method {
	case http.MethodPost:
		serve = s.post
	case http.MethodGet:
		serve = s.openStream
	case http.MethodDelete:
		serve = s.deleteSession
	case http.MethodOptions:
		preflight(w, r)
		return
	default:
		methodNotAllowed(w)
		return
	}
	if refused := checkHeaders(r); refused != nil {
		refused.write(w, jsonrpc.ID{}, "")
		return
	}
	if r.ContentLength > s.Limits.Message {
		tooLarge().write(w, jsonrpc.ID{}, "")
		return
	}
	if call := s.authenticate(w, r); call != nil {
		serve(w, r, call)
	}
}

// authenticate begins the call of a request. Who is nobody gets an answer here, and the call is nil.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) *gate.Call {
	call := &gate.Call{Transport: "http", Peer: peer(r), Credential: credential(r)}
	parseTrace(r.Header.Get("Traceparent")).mark(call)
	if _, err := s.Gate.Authenticate(r.Context(), call); err != nil {
		refusalOf(err).write(w, jsonrpc.ID{}, call.ID)
		return nil
	}
	return call
}

func methodNotAllowed(w http.ResponseWriter) {
	w.Header().Set("Allow", "GET, POST, DELETE")
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
}

func tooLarge() *refusal {
	return refuse(http.StatusRequestEntityTooLarge, jsonrpc.CodeInvalidRequest, "the message is too large")
}

// write answers with the refusal.
func (r *refusal) write(w http.ResponseWriter, id jsonrpc.ID, call string) {
	body, err := jsonrpc.EncodeMessage(&jsonrpc.Response{ID: id, Error: r.named(call)})
	if err != nil {
		http.Error(w, "the call failed", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	switch r.status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", retryAfter)
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(r.status)
	w.Write(body)
}

// expectBody sees to it that a request that is refused before its body is read ends there: net/http would read the rest
// for the next request, and wait for it without end.
func (s *Server) expectBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.Limits.ReadTime))
		w.Header().Set("Connection", "close")
	}
}

// read reads a body within its limits of size and time.
func (s *Server) read(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Now().Add(s.Limits.ReadTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.Limits.Message))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, tooLarge()
	case err != nil:
		return nil, refuse(http.StatusBadRequest, jsonrpc.CodeInvalidRequest, "the body ended early")
	}
	control.SetReadDeadline(time.Time{})
	w.Header().Del("Connection") // see expectBody
	return body, nil
}

// newExchange binds a message to who was found to send it.
func (s *Server) newExchange(r *http.Request, m *message, c *gate.Call) *exchange {
	c.Action, c.Params = m.action(), m.params
	m.meta.trace.mark(c)
	v := r.Header.Get(headerVersion)
	return &exchange{
		server: s, call: c, msg: m, principal: c.Caller.Principal().ID, peer: r.Context(),
		modern: v >= firstModern || m.meta.version >= firstModern,
	}
}

type exchangeContext struct{}

// admit is the library's own bearer check with a verifier that believes the gate: it is the library's only way to learn
// who a caller is, and binds sessions to principals a second time.
func admit(next http.Handler) http.Handler {
	verify := func(ctx context.Context, _ string, _ *http.Request) (*auth.TokenInfo, error) {
		x, ok := ctx.Value(exchangeContext{}).(*exchange)
		if !ok {
			return nil, auth.ErrInvalidToken
		}
		return x.tokenInfo(), nil
	}
	return auth.RequireBearerToken(verify, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true})(next)
}

// admitted is the request as the library gets it: with the exchange, and a word that is no credential in place of one.
func (x *exchange) admitted(r *http.Request) *http.Request {
	r = r.WithContext(context.WithValue(r.Context(), exchangeContext{}, x))
	r.Header = r.Header.Clone()
	r.Header.Set("Authorization", "Bearer admitted-by-the-gate")
	return r
}
