package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Nobody who is slow or silent keeps his place, and those who come meanwhile are told at once.
func TestSlowClients(t *testing.T) {
	d := newDesk(t, func(s *Server) { s.limits.read = 300 * time.Millisecond })
	start := time.Now()
	var slow []net.Conn
	for range maxConnections {
		slow = append(slow, d.dial())
	}
	go func() { // a byte now and then gives no more time
		for range 100 {
			if _, err := slow[0].Write([]byte(" ")); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	if got := d.say(`{"action":"host/status"}` + "\n"); got != "" {
		t.Errorf("one connection more: %q", got)
	}
	for _, c := range slow {
		if got, err := io.ReadAll(c); err == nil && !bytes.Contains(got, []byte("timeout")) {
			t.Errorf("%q", got)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("they kept their places for %v", took)
	}
	if _, err := d.ask("host/status"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Somebody who asks for a large answer and does not read it keeps a place for as long as a write may take.
func TestUnreadAnswer(t *testing.T) {
	d := newDesk(t, func(s *Server) {
		s.limits.write = 100 * time.Millisecond
		s.config.Handle = func(context.Context, uint32, Request) (json.RawMessage, error) {
			return json.RawMessage(`"` + strings.Repeat("x", MaxAnswer/2) + `"`), nil
		}
	})
	for range maxConnections {
		io.WriteString(d.dial(), `{"action":"host/status"}`+"\n")
	}
	time.Sleep(300 * time.Millisecond)
	if _, err := d.ask("host/status"); err != nil {
		t.Error(err)
	}
}

func TestConcurrent(t *testing.T) {
	d := newDesk(t, nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if _, err := d.ask("host/status"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := d.asked.Load(); n != 200 {
		t.Errorf("%d handled", n)
	}
}

// Whatever lies at the socket's name, no file is touched that is not the host's own old socket.
func TestListenRefusesPaths(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(path, victim string) error
		ok   bool
	}{
		{"nothing", func(string, string) error { return nil }, true},
		{"stale socket", func(p, _ string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p, Net: "unix"})
			if err == nil {
				l.SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		}, true},
		{"link to a file", func(p, v string) error { return os.Symlink(v, p) }, false},
		{"dangling link", func(p, v string) error { return os.Symlink(v+"-missing", p) }, false},
		{"link to a socket", func(p, v string) error {
			l, err := net.Listen("unix", v+"-socket")
			if err == nil {
				t.Cleanup(func() { l.Close() })
			}
			return errors.Join(err, os.Symlink(v+"-socket", p))
		}, false},
		{"file", func(p, _ string) error { return os.WriteFile(p, []byte("x"), 0o600) }, false},
		{"folder", func(p, _ string) error { return os.Mkdir(p, 0o700) }, false},
		{"folder open to others", func(p, _ string) error { return os.Chmod(filepath.Dir(p), 0o755) }, false},
		{"no folder", func(p, _ string) error { return os.Remove(filepath.Dir(p)) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, err := os.MkdirTemp("", "ctl") // short enough for a socket's address
			do(t, err)
			defer os.RemoveAll(base)
			dir, victim := base+"/state", base+"/victim"
			do(t, errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(victim, []byte("keep"), 0o600), tt.make(dir+"/"+SocketName, victim)))
			before, _ := os.Lstat(dir + "/" + SocketName)
			s, err := Listen(Config{Dir: dir, Handle: (&desk{}).handle})
			if (err == nil) != tt.ok {
				t.Fatalf("%v", err)
			}
			if data, err := os.ReadFile(victim); err != nil || string(data) != "keep" {
				t.Errorf("the victim holds %q, %v", data, err)
			}
			if !tt.ok {
				if after, _ := os.Lstat(dir + "/" + SocketName); before != nil && !os.SameFile(before, after) {
					t.Error("what lay there was replaced")
				}
				return
			}
			if _, err := Ask(t.Context(), dir, Request{Action: "host/status"}); err != nil {
				t.Error(err)
			}
			do(t, s.Close(t.Context()))
			if _, err := os.Lstat(dir + "/" + SocketName); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it left its socket: %v", err)
			}
		})
	}
}

// Close waits for what was asked, and for nobody who has not asked yet.
func TestClose(t *testing.T) {
	end, asked := make(chan struct{}), make(chan struct{})
	d := newDesk(t, func(s *Server) {
		s.config.Handle = func(context.Context, uint32, Request) (json.RawMessage, error) { close(asked); <-end; return nil, nil }
	})
	silent := d.dial()
	answered := make(chan error, 1)
	go func() { _, err := d.ask("host/reload"); answered <- err }()
	<-asked
	closed := make(chan error, 1)
	go func() { closed <- d.Close(context.Background()) }()
	if got, _ := io.ReadAll(silent); !bytes.Contains(got, []byte("error")) {
		t.Errorf("who has not asked heard %q", got)
	}
	select {
	case err := <-closed:
		t.Fatalf("closed while an act ran: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(end)
	if err := errors.Join(<-answered, <-closed); err != nil {
		t.Error(err)
	}
	if _, err := d.ask("host/status"); !errors.Is(err, ErrNoHost) {
		t.Errorf("after Close: %v", err)
	}
	do(t, d.Close(context.Background()))
}

func TestCloseGivesUp(t *testing.T) {
	stopped, asked := make(chan struct{}), make(chan struct{})
	d := newDesk(t, func(s *Server) {
		s.config.Handle = func(ctx context.Context, _ uint32, _ Request) (json.RawMessage, error) {
			close(asked)
			<-ctx.Done()
			close(stopped)
			return nil, ctx.Err()
		}
	})
	go d.ask("host/reload")
	<-asked
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := d.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	<-stopped // the act hears of it
}
