package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"bulkhead/host/safefile"
)

// Config says where a Server listens and who answers. Dir and Handle are required.
type Config struct {
	Dir    string // the state directory: closed to everybody else, and locked by this process
	Handle Handler
	// Refused hears of everybody who connected and is not served. It MUST bound what it makes of that. nil: nobody does.
	Refused func(uid uint32)
}

// A Server answers until it is closed.
type Server struct {
	config   Config
	root     *os.Root
	folder   *os.File // the same, for its descriptor
	listener *net.UnixListener
	peer     func(*net.UnixConn) (uint32, error)
	limits   limits
	pace     *rate.Limiter
	free     chan struct{} // a token per connection
	ctx      context.Context
	stop     context.CancelFunc

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
	serves sync.WaitGroup
}

type limits struct{ read, write time.Duration }

// Listen makes the socket, mode 0600, and serves it. A socket that is there already was left by a host that died, since the
// caller has the folder's lock; it is replaced. Anything else of that name is an error. The server must be closed.
func Listen(c Config) (*Server, error) {
	s := newServer(c)
	if err := s.listen(); err != nil {
		return nil, fmt.Errorf("listening on %s: %w", SocketName, err)
	}
	go s.accept()
	return s, nil
}

func newServer(c Config) *Server {
	s := &Server{
		config: c, peer: peer, limits: limits{readTime, writeTime}, pace: rate.NewLimiter(perSecond, burst),
		free: make(chan struct{}, maxConnections), open: map[net.Conn]bool{},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.serves.Add(1) // accept
	return s
}

func (s *Server) listen() (err error) {
	if s.root, err = safefile.OpenPrivate(s.config.Dir); err != nil {
		return err
	}
	if s.folder, err = s.root.Open("."); err != nil {
		return errors.Join(err, s.root.Close())
	}
	if err = s.bind(); err != nil {
		if s.listener != nil {
			err = errors.Join(err, s.listener.Close())
		}
		return errors.Join(err, s.folder.Close(), s.root.Close())
	}
	return nil
}

func (s *Server) bind() (err error) {
	if err := removeStale(s.root); err != nil {
		return err
	}
	if s.listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: address(s.folder), Net: "unix"}); err != nil {
		return err
	}
	s.listener.SetUnlinkOnClose(false) // Close does, by the folder that is open
	if err := s.root.Chmod(SocketName, 0o600); err != nil {
		return err
	}
	info, err := s.root.Lstat(SocketName)
	if err != nil {
		return err
	}
	return safefile.Private(SocketName, info)
}

func removeStale(root *os.Root) error {
	info, err := root.Lstat(SocketName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%w: a file of this name is no socket\nhint: look what it is, then remove it", safefile.ErrUnsafe)
	}
	return root.Remove(SocketName)
}

// Close turns everybody away from now on, ends connections that have not asked yet, waits for what was asked until ctx is
// done, and removes the socket. It may be called again.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	err := s.listener.Close()
	for c := range s.open {
		_ = c.SetReadDeadline(time.Now()) // a request that was read is not concerned
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.serves.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("waiting for administrative actions: %w", ctx.Err()))
	}
	s.stop()
	if e := s.root.Remove(SocketName); !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	return errors.Join(err, s.folder.Close(), s.root.Close())
}

func (s *Server) accept() {
	defer s.serves.Done()
	for {
		c, err := s.listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // of descriptors or memory there will be more
			time.Sleep(50 * time.Millisecond)
			continue
		}
		uid, err := s.peer(c)
		if err != nil || !may(uid, uint32(os.Geteuid())) {
			c.Close()
			if err == nil && s.config.Refused != nil {
				s.config.Refused(uid)
			}
			continue
		}
		s.admit(c, uid)
	}
}

// admit serves a connection if there is a place, and else closes it: waiting for one it would look alive.
func (s *Server) admit(c net.Conn, uid uint32) {
	select {
	case s.free <- struct{}{}:
	default:
		c.Close()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		<-s.free
		c.Close()
		return
	}
	s.open[c] = true
	_ = c.SetReadDeadline(time.Now().Add(s.limits.read)) // before Close can say something else
	s.serves.Go(func() {
		s.serve(c, uid)
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
		c.Close()
		<-s.free
	})
}

// serve answers one request.
func (s *Server) serve(c net.Conn, uid uint32) {
	result, err := s.answer(c, uid)
	a := answer{Result: result}
	if err != nil {
		a = answer{Error: err.Error()}
	}
	line, err := json.Marshal(a)
	if err != nil || len(line) >= MaxAnswer {
		line = []byte(`{"error":"the answer cannot be sent: it is too large, or no JSON"}`)
	}
	_ = c.SetWriteDeadline(time.Now().Add(s.limits.write))
	_, _ = c.Write(append(line, '\n')) // who went away knows it
}

func (s *Server) answer(c net.Conn, uid uint32) (result json.RawMessage, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	line, err := readLine(bufio.NewReaderSize(c, MaxRequest))
	if err != nil {
		return nil, err
	}
	r, err := decodeRequest(line)
	if err != nil {
		return nil, err
	}
	if !s.pace.Allow() {
		return nil, fmt.Errorf("too many requests: %d a second are served", perSecond)
	}
	if result, err = s.config.Handle(s.ctx, uid, r); err == nil && len(result) == 0 {
		result = json.RawMessage("null")
	}
	return result, err
}

// readLine reads one line that fits into r's buffer, and nothing behind it.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("a line has at most %d bytes", r.Size())
	case err != nil:
		return nil, fmt.Errorf("reading a line: %w", err)
	case r.Buffered() > 0:
		return nil, errors.New("data after the line")
	}
	return line, nil
}
