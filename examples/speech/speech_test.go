//go:build peers

// Package speech holds the test of the example.
package speech

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What an operator runs works: built, signed, checked, started, called over MCP with real recordings. What the host keeps lies beside the
// script, as it does for the operator.
func TestPeerRun(t *testing.T) {
	for name, hint := range map[string]string{
		"../../bin/host":                              "make",
		"../../bin/host-wasmtime":                     "make host-wasmtime",
		"../../plugins/vad/weights.bin":               "make vad",
		"/usr/share/pocketsphinx/test/data/librivox/": "apt-get install pocketsphinx-testdata",
	} {
		if _, err := os.Stat(name); err != nil {
			t.Fatalf("%v\nhint: %s", err, hint)
		}
	}
	for _, backend := range []string{"wazero", "wasmtime"} {
		t.Run(backend, func(t *testing.T) { hears(t, run(t, backend)) })
	}
}

// hears looks for what the recordings hold, the same on every engine.
func hears(t *testing.T, out string) {
	t.Helper()
	for _, want := range []string{
		"vad = bulkhead/vad 0.1.0",
		"Speech in 93 % of 7.1 s of sound, in seconds: 0.26-6.85\n",
		"Speech in 88 % of 3.0 s of sound, in seconds: 0.23-2.85\n",
		"Speech in 93 % of 5.3 s of sound, in seconds: 0.26-1.31 1.44-5.30\n",
		"Speech in 95 % of 6.0 s of sound, in seconds: 0.32-6.05\n",
		"Speech in 84 % of 3.3 s of sound, in seconds: 0.26-3.04\n",
		`"frames": 222`,
		"No speech in 5.0 s of sound",
		"The audio is no WAV file",
		"refused (exit 5)",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the script does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

func run(t *testing.T, backend string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	script := exec.CommandContext(ctx, "./run")
	script.Env = append(os.Environ(), "ONCE=1", "PORT="+freePort(t), "BACKEND="+backend)
	script.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	script.Cancel = func() error { return syscall.Kill(-script.Process.Pid, syscall.SIGKILL) } // with the host that it started
	out, err := script.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
