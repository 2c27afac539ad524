package control

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is somebody else on the machine where a test asks for that.
func TestMain(m *testing.M) {
	if path := os.Getenv("BULKHEAD_TEST_DIAL"); path != "" {
		c, err := net.Dial("unix", path)
		if err == nil {
			io.WriteString(c, `{"action":"host/status"}`+"\n")
			_, err = io.Copy(os.Stdout, c)
		}
		if err != nil {
			os.Stdout.WriteString(err.Error())
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Somebody else for whom every door of the file system stands open is told apart by the kernel. Only root can become
// somebody else; elsewhere the test finds out that the doors are closed.
func TestRealStranger(t *testing.T) {
	base, err := os.MkdirTemp("", "ctl") // short enough for a socket's address
	do(t, err)
	defer os.RemoveAll(base)
	dir := filepath.Join(base, "state")
	do(t, os.Mkdir(dir, 0o700))
	refused := make(chan uint32, 1)
	d := &desk{t: t}
	s, err := Listen(Config{Dir: dir, Handle: d.handle, Refused: func(uid uint32) { refused <- uid }})
	do(t, err)
	defer s.Close(context.Background())
	const somebody = 65533
	path := filepath.Join(dir, SocketName)
	dial := func(uid uint32) string {
		c := exec.Command("/proc/self/exe")
		c.Env, c.Dir = []string{"BULKHEAD_TEST_DIAL=" + path}, "/"
		if os.Geteuid() == 0 {
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		}
		out, err := c.CombinedOutput()
		do(t, err)
		return string(out)
	}
	if os.Geteuid() != 0 {
		if got := dial(0); !strings.Contains(got, "result") {
			t.Errorf("the host's own user heard %q", got)
		}
		return
	}
	if got := dial(somebody); !strings.Contains(got, "permission denied") {
		t.Errorf("with closed doors: %q", got)
	}
	do(t, errors.Join(os.Chmod(base, 0o755), os.Chmod(dir, 0o777), os.Chmod(path, 0o666)))
	if got := dial(0); !strings.Contains(got, "result") {
		t.Errorf("root heard %q", got)
	}
	if got := dial(somebody); strings.Contains(got, "result") || strings.Contains(got, "error\":") {
		t.Errorf("with open doors: %q", got)
	}
	select {
	case uid := <-refused:
		if uid != somebody {
			t.Errorf("heard of uid %d", uid)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody heard of it")
	}
	if d.asked.Load() != 1 {
		t.Errorf("%d handled", d.asked.Load())
	}
}
