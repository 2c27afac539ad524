package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func TestNobodyThere(t *testing.T) {
	dir := t.TempDir()
	for name, dir := range map[string]string{"no socket": dir, "no folder": dir + "/missing"} {
		if _, err := Ask(t.Context(), dir, Request{Action: "host/status"}); !errors.Is(err, ErrNoHost) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := newDesk(t, nil)
	do(t, d.listener.Close()) // as after kill -9
	if _, err := d.ask("host/status"); !errors.Is(err, ErrNoHost) {
		t.Errorf("stale socket: %v", err)
	}
	if err := classify(&os.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}); !errors.Is(err, ErrForbidden) {
		t.Errorf("%v", err)
	}
}

// The other end of the socket need not be a host.
func TestClientBelievesNobody(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"closes", "", "closed the connection"},
		{"no line", `{"result":1}`, "closed the connection"},
		{"no JSON", "ok\n", "decoding"},
		{"neither", "{}\n", "neither a result nor an error"},
		{"both", `{"result":1,"error":"x"}` + "\n", "neither a result nor an error"},
		{"unknown member", `{"result":1,"x":1}` + "\n", "unknown"},
		{"steers the terminal", `{"error":"\u001b[2J"}` + "\n", `\x1b[2J`},
		{"endless", strings.Repeat(" ", 2*MaxAnswer), "at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			folder, err := os.Open(dir)
			do(t, err)
			defer folder.Close()
			l, err := net.Listen("unix", address(folder))
			do(t, err)
			defer l.Close()
			go func() {
				c, err := l.Accept()
				if err == nil {
					bufio.NewReader(c).ReadString('\n')
					io.WriteString(c, tt.text)
					c.Close()
				}
			}()
			if _, err := Ask(t.Context(), dir, Request{Action: "host/status"}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestClientGivesUp(t *testing.T) {
	d := newDesk(t, func(s *Server) {
		s.config.Handle = func(ctx context.Context, _ uint32, _ Request) (json.RawMessage, error) { <-ctx.Done(); return nil, nil }
	})
	defer d.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Ask(ctx, d.dir, Request{Action: "host/status"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
