package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/host/gate"
)

// A stdioConn is the library's connection to the peer on stdio, and its transport. Requests pass the gate in the
// middleware; what must not or does not come that far passes it here.
type stdioConn struct {
	server *Server
	out    io.Writer
	stop   <-chan struct{} // closed when the host stops
	lines  chan line
	ending chan struct{} // closed when no more is read and running calls have had their grace

	end    sync.Once
	once   sync.Once
	closed chan struct{}

	writing sync.Mutex

	mu         sync.Mutex
	pending    map[jsonrpc.ID]*exchange // requests without an answer
	unanswered int                      // these and those whose answer is being written
	idle       chan struct{}            // gets a token when there are none
}

// Connect implements mcp.Transport.
func (c *stdioConn) Connect(context.Context) (mcp.Connection, error) { return c, nil }

// SessionID implements mcp.Connection.
func (c *stdioConn) SessionID() string { return "" }

// Close implements mcp.Connection.
func (c *stdioConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	c.end.Do(func() { close(c.ending) })
	return nil
}

// Read implements mcp.Connection. It returns io.EOF when nothing more is to be read and what runs has ended, or had its
// grace: the library then cancels the rest.
func (c *stdioConn) Read(ctx context.Context) (jsonrpc.Message, error) {
	for {
		select {
		case <-c.closed:
			return nil, io.EOF
		case <-c.stop:
			c.drain()
			return nil, io.EOF
		case l, ok := <-c.lines:
			if !ok {
				c.drain()
				return nil, io.EOF
			}
			if m := c.accept(ctx, l); m != nil {
				return m, nil
			}
		}
	}
}

func (c *stdioConn) drain() {
	defer c.end.Do(func() { close(c.ending) })
	patience := time.After(c.server.Limits.Grace)
	for c.busy() {
		select {
		case <-c.idle:
		case <-c.closed:
			return
		case <-patience:
			return
		}
	}
}

func (c *stdioConn) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unanswered > 0
}

// accept returns the message in a line if the library is to have it, and answers it otherwise.
func (c *stdioConn) accept(ctx context.Context, l line) jsonrpc.Message {
	if l.tooLong {
		c.say(jsonrpc.ID{}, tooLarge().err)
		return nil
	}
	m, malformed := parse(l.data)
	if malformed != nil {
		c.say(jsonrpc.ID{}, malformed)
		return nil
	}
	x := c.newExchange(m)
	id, refused := c.admit(x)
	if refused != nil {
		explained := x.settle(ctx, refused)
		if m.isCall() {
			c.say(id, explained)
		}
		return nil
	}
	if !m.isCall() && !x.notifyStdio(ctx) {
		return nil
	}
	decoded, err := jsonrpc.DecodeMessage(l.data)
	request, ok := decoded.(*jsonrpc.Request)
	if err != nil || !ok { // parse accepts nothing that the library does not
		c.server.Logger.Error("decoding a message", "error", err)
		return nil
	}
	request.Extra = &mcp.RequestExtra{TokenInfo: x.tokenInfo()}
	return request
}

func (c *stdioConn) newExchange(m *message) *exchange {
	s := c.server
	call := &gate.Call{Transport: "stdio", Credential: s.Credential, Action: m.action(), Params: m.params}
	m.meta.trace.mark(call)
	return &exchange{server: s, call: call, msg: m, modern: m.meta.version >= firstModern, peer: context.Background()}
}

// admit enters a request among the pending ones. The id is the one to refuse it under: none if it belongs to another.
func (c *stdioConn) admit(x *exchange) (jsonrpc.ID, *refusal) {
	id := x.msg.id
	if refused := x.unserved(); refused != nil || !x.msg.isCall() {
		return id, refused
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending[id] != nil {
		return jsonrpc.ID{}, refuse(http.StatusBadRequest, jsonrpc.CodeInvalidRequest, "the id is in use")
	}
	if c.unanswered >= c.server.Limits.StdioCalls {
		return id, refuse(http.StatusTooManyRequests, CodeTooMany, "too many requests at once")
	}
	c.pending[id] = x
	c.unanswered++
	return id, nil
}

// notifyStdio reports whether the gate lets a notification through.
func (x *exchange) notifyStdio(ctx context.Context) bool {
	_, err := x.do(ctx, runner(func(context.Context, *gate.Caller) (json.RawMessage, error) { return nil, nil }))
	return err == nil
}

// Write implements mcp.Connection. A request that the library answers by itself goes through the gate first.
func (c *stdioConn) Write(ctx context.Context, msg jsonrpc.Message) error {
	response, ok := msg.(*jsonrpc.Response)
	if !ok {
		return c.send(msg)
	}
	x := c.take(response.ID)
	if x == nil {
		c.server.Logger.Error("dropping an answer to no request")
		return nil
	}
	defer c.answered()
	if !x.claimed.Load() {
		response = &jsonrpc.Response{ID: response.ID, Error: x.settle(ctx, libraryError(http.StatusBadRequest, response.Error))}
	}
	return c.send(response)
}

// take frees the id: whoever reads the answer may use it again at once.
func (c *stdioConn) take(id jsonrpc.ID) *exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.pending[id]
	delete(c.pending, id)
	return x
}

func (c *stdioConn) answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unanswered--
	if c.unanswered == 0 {
		select {
		case c.idle <- struct{}{}:
		default:
		}
	}
}

func (c *stdioConn) say(id jsonrpc.ID, e *jsonrpc.Error) {
	if err := c.send(&jsonrpc.Response{ID: id, Error: e}); err != nil {
		c.server.Logger.Warn("writing to stdout", "error", err)
		c.Close()
	}
}

func (c *stdioConn) send(msg jsonrpc.Message) error {
	data, err := jsonrpc.EncodeMessage(msg)
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if _, err := c.out.Write(append(data, '\n')); err != nil {
		return errors.Join(err, c.Close())
	}
	return nil
}
