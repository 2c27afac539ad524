package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// checkOrigin accepts an origin as browsers write it.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != origin || origin != strings.ToLower(origin) {
		return fmt.Errorf("origin %q is not scheme://host[:port] in lower case", origin)
	}
	return nil
}

// foreign reports whether the request was meant for another host, or sent by a web page that has no business here. A
// name that an attacker's DNS points at this machine is foreign, and so is every page of an origin not listed.
func (s *Server) foreign(r *http.Request) bool {
	port, ok := localPort(r)
	if !ok || !loopbackHost(r.Host, port) {
		return true
	}
	origins := r.Header.Values("Origin")
	switch len(origins) {
	case 0:
		site := r.Header.Get("Sec-Fetch-Site")
		return site == "cross-site" || site == "same-site"
	case 1:
		return !s.origins[origins[0]] && !ownOrigin(origins[0], port)
	}
	return true
}

// localPort is the port that the request came in on.
func localPort(r *http.Request) (string, bool) {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return "", false
	}
	_, port, err := net.SplitHostPort(addr.String())
	return port, err == nil
}

// loopbackHost reports whether host names this machine's loopback interface and the port.
func loopbackHost(host, port string) bool {
	name, p, err := net.SplitHostPort(host)
	if err != nil {
		name, p = strings.Trim(host, "[]"), "80"
	}
	return p == port && (name == "localhost" || name == "127.0.0.1" || name == "::1")
}

func ownOrigin(origin, port string) bool {
	host, ok := strings.CutPrefix(origin, "http://")
	return ok && loopbackHost(host, port)
}

// peer is the address without port that the gate knows the caller by.
func peer(r *http.Request) string {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return a.Addr().Unmap().String()
}

// allowPage lets a page of an accepted origin read the answer (CORS).
func allowPage(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Expose-Headers", "Mcp-Session-Id, WWW-Authenticate, Retry-After")
	w.Header().Add("Vary", "Origin")
}

// preflight answers a browser's question whether a page may ask. It tells what the operator's manifest says about the
// page's origin and nothing else, carries no credential and starts nothing, so it is no action for the gate.
func preflight(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") == "" || r.Header.Get("Access-Control-Request-Method") == "" {
		methodNotAllowed(w)
		return
	}
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	w.Header().Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Last-Event-ID, Mcp-Session-Id, Mcp-Protocol-Version, Mcp-Method, Mcp-Name, Traceparent")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
