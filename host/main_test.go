package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"bulkhead/runtimes/worker"
)

// TestMain lets the scripts run this test binary as the command host, and hosts as their workers.
func TestMain(m *testing.M) {
	worker.Main(testEngines())
	testscript.Main(m, map[string]func(){"host": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}})
}

// TestScripts runs what users do, attacks included. $QUICKSTART is a folder like examples/quickstart after make run's
// set-up; a script that writes to it copies it first. $PORT is free.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			folder, err := quickstart()
			if err != nil {
				return err
			}
			port, err := freePort()
			if err != nil {
				return err
			}
			repo, err := filepath.Abs("..")
			if err != nil {
				return err
			}
			goEnv, err := goEnvironment()
			e.Vars = append(e.Vars, append(goEnv, "QUICKSTART="+folder, "PORT="+port, "REPO="+repo)...)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": codeCommand, "ready": readyCommand, "flip": flipCommand, "copy": copyCommand, "module": moduleCommand, "worker": workerCommand, "conforms": conformsCommand},
	})
}

// goEnvironment gives scripts the caches of the go command, so that they need no network.
func goEnvironment() ([]string, error) {
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("asking go for its caches: %w", err)
	}
	f := strings.Fields(string(out))
	return []string{"GOCACHE=" + f[0], "GOMODCACHE=" + f[1], "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local"}, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// quickstart builds and signs the plugins of examples/quickstart, once for all scripts.
var quickstart = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "quickstart")
	if err != nil {
		return "", err
	}
	err = errors.Join(
		host("key", "new", "publisher", "--purpose", "publisher", "--folder", dir+"/keys", "--development"),
		host("key", "new", "token", "--purpose", "token", "--folder", dir+"/keys", "--development"),
		host("key", "new", "evidence", "--purpose", "evidence", "--folder", dir+"/keys/device", "--development"),
		host("key", "new", "report-key", "--purpose", "sign", "--folder", dir+"/keys/device", "--development"),
		os.Mkdir(dir+"/bundles", 0o755),
	)
	if err != nil {
		return "", err
	}
	for _, p := range []string{"auth-jwt", "policy-abac", "digits", "inspect"} {
		if err := errors.Join(
			host("plugin", "build", "../plugins/"+p, "-o", dir+"/bundles/"+p),
			host("plugin", "sign", dir+"/bundles/"+p, "--key", dir+"/keys/publisher.key"),
		); err != nil {
			return "", err
		}
	}
	return dir, writeManifest(dir)
})

// host runs one command line in this process.
func host(args ...string) error {
	var out, errOut strings.Builder
	if c := execute(context.Background(), args, strings.NewReader(""), &out, &errOut); c != exitOK {
		return fmt.Errorf("host %v: exit %d: %s", args, c, errOut.String())
	}
	return nil
}

// writeManifest fills in the quickstart's manifest as its script does. The port stays a word for the scripts to replace.
func writeManifest(dir string) error {
	var key strings.Builder
	if c := execute(context.Background(), []string{"key", "show", dir + "/keys/token.pub", "--json"}, nil, &key, &key); c != exitOK {
		return errors.New(key.String())
	}
	member := func(name string) string {
		_, rest, _ := strings.Cut(key.String(), `"`+name+`": "`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	text, err := os.ReadFile("../examples/quickstart/host.toml")
	if err != nil {
		return err
	}
	device, err := os.ReadFile("../examples/quickstart/device.toml")
	if err != nil {
		return err
	}
	filled := strings.NewReplacer("TOKEN-KEY-X", member("x"), "TOKEN-KEY-ID", member("kid"), "127.0.0.1:8080", "127.0.0.1:PORT").Replace(string(text))
	return errors.Join(os.WriteFile(dir+"/host.toml", []byte(filled), 0o644), os.WriteFile(dir+"/device.toml", device, 0o644))
}

// codeCommand is "code N COMMAND...": the command must end with exactly this exit code.
func codeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// readyCommand waits until a host answers on $PORT.
func readyCommand(ts *testscript.TestScript, _ bool, _ []string) {
	for range 600 {
		if ts.Exec("host", "call", "--ready", "--url", "http://127.0.0.1:"+ts.Getenv("PORT")+"/mcp") == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("no host became ready")
}

// flipCommand is "flip FILE OFFSET": one bit. A negative offset counts from the end.
func flipCommand(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 1
	ts.Check(os.WriteFile(path, data, 0o600))
}

// copyCommand is "copy QUICKSTART TO": a copy with the script's port in its manifest.
func copyCommand(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(copyQuickstart(args[0], ts.MkAbs(args[1]), ts.Getenv("PORT")))
}

func copyQuickstart(from, to, port string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	for _, private := range []string{"keys/publisher.key", "keys/token.key", "keys/device/evidence.key", "keys/device/report-key.key"} {
		if err := os.Chmod(filepath.Join(to, private), 0o600); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(to + "/host.toml")
	if err != nil {
		return err
	}
	return os.WriteFile(to+"/host.toml", []byte(strings.ReplaceAll(string(text), "127.0.0.1:PORT", "127.0.0.1:"+port)), 0o644)
}
