package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A started is one start of a host: until it was ready, and the processors' time that all its processes took until they
// had ended.
type started struct{ ready, cpu time.Duration }

// A quickstart is examples/quickstart with keys and bundles, in a folder of its own.
type quickstart struct {
	host, folder, address, isolation string
	cold                             started
	warm                             []started
}

// quickstart makes one as examples/quickstart/run does, with every plugin in that isolation, and starts it once, which
// fills its cache. Keys and bundles are another's, if there is one.
func (b *bench) quickstart(ctx context.Context, isolation string, other *quickstart) (*quickstart, error) {
	host, err := filepath.Abs(b.host)
	if err != nil {
		return nil, err
	}
	folder, err := b.temporary()
	if err != nil {
		return nil, err
	}
	q := &quickstart{host: host, folder: folder, isolation: isolation}
	if other == nil {
		err = errors.Join(q.makeKeys(ctx), q.makeBundles(ctx, b.root, "auth-jwt", "policy-abac", "digits", "inspect"))
	} else {
		err = errors.Join(copied(other, q, "keys"), copied(other, q, "bundles"))
	}
	if err != nil {
		return nil, err
	}
	if err := q.writeManifest(ctx, filepath.Join(b.root, "examples/quickstart")); err != nil {
		return nil, err
	}
	q.cold, err = q.start(ctx)
	return q, err
}

// copied copies a folder, whose files stay private.
func copied(from, to *quickstart, name string) error {
	return exec.Command("cp", "-rp", from.in(name), to.in(name)).Run()
}

func (q *quickstart) in(name string) string { return filepath.Join(q.folder, name) }

// run runs a command of the host and returns what it prints.
func (q *quickstart) run(ctx context.Context, args ...string) ([]byte, error) {
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, q.host, args...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("host %s: %w\n%s", strings.Join(args, " "), err, complaint.Bytes())
	}
	return out, err
}

func (q *quickstart) makeKeys(ctx context.Context) error {
	for _, k := range []struct{ name, purpose, folder string }{
		{"publisher", "publisher", "keys"}, {"token", "token", "keys"}, {"evidence", "evidence", "keys/device"}, {"report-key", "sign", "keys/device"},
	} {
		if _, err := q.run(ctx, "key", "new", k.name, "--purpose", k.purpose, "--folder", q.in(k.folder), "--development"); err != nil {
			return err
		}
	}
	return nil
}

func (q *quickstart) makeBundles(ctx context.Context, root string, plugins ...string) error {
	for _, p := range plugins {
		out := q.in("bundles/" + p)
		if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
			return err
		}
		if _, err := q.run(ctx, "plugin", "build", filepath.Join(root, "plugins", p), "-o", out); err != nil {
			return err
		}
		if _, err := q.run(ctx, "plugin", "sign", out, "--key", q.in("keys/publisher.key")); err != nil {
			return err
		}
	}
	return nil
}

// tokenKey returns the public half of the token key, and its name.
func (q *quickstart) tokenKey(ctx context.Context) (x, kid string, err error) {
	shown, err := q.run(ctx, "key", "show", q.in("keys/token.pub"), "--json")
	if err != nil {
		return "", "", err
	}
	var key struct{ JWK struct{ X, Kid string } }
	if err := json.Unmarshal(shown, &key); err != nil || key.JWK.X == "" {
		return "", "", fmt.Errorf("reading the token key from %s: %w", shown, err)
	}
	return key.JWK.X, key.JWK.Kid, nil
}

// writeManifest takes over the example's two files, with our key, address and isolation.
func (q *quickstart) writeManifest(ctx context.Context, example string) error {
	x, kid, err := q.tokenKey(ctx)
	if err != nil {
		return err
	}
	if q.address, err = freeAddress(); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(example, "host.toml"))
	if err != nil {
		return err
	}
	replaced := strings.NewReplacer("127.0.0.1:8080", q.address, `"TOKEN-KEY-X"`, `"`+x+`"`, `"TOKEN-KEY-ID"`, `"`+kid+`"`,
		`isolation = "process"`, `isolation = "`+q.isolation+`"`).Replace(string(text))
	device, err := os.ReadFile(filepath.Join(example, "device.toml"))
	return errors.Join(err, os.WriteFile(q.in("host.toml"), []byte(replaced), 0o600), os.WriteFile(q.in("device.toml"), device, 0o600))
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// start starts the host, waits until it is ready, and stops it.
func (q *quickstart) start(ctx context.Context) (started, error) {
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, q.host, "run", "-m", q.in("host.toml"))
	cmd.Stderr = &complaint
	before := time.Now()
	if err := cmd.Start(); err != nil {
		return started{}, err
	}
	ready := q.wait(before.Add(time.Minute))
	took := time.Since(before)
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil || !ready {
		return started{}, fmt.Errorf("host run: ready %v, %w\n%s", ready, err, complaint.Bytes())
	}
	return started{took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

func (q *quickstart) wait(until time.Time) bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for time.Now().Before(until) {
		if r, err := client.Get("http://" + q.address + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return true
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return false
}
