package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/host/audit"
	"bulkhead/host/audit/export"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
)

// A logMaker writes logs without a host.
type logMaker struct {
	t      testing.TB
	folder string // with audit.key, and the state folder below it
	device string
	key    *keys.AuditKey
	public []byte
	now    time.Time // zero: the real one
}

func newLogMaker(t testing.TB) *logMaker {
	t.Helper()
	m := &logMaker{t: t, folder: t.TempDir(), device: "press-7"}
	must(t, os.Chmod(m.folder, 0o700))
	_, err := keys.Create(m.folder, "audit", keys.Audit, true)
	must(t, err)
	m.key, err = keys.ReadAudit(filepath.Join(m.folder, "audit.key"))
	must(t, err)
	m.public, err = os.ReadFile(filepath.Join(m.folder, "audit.pub"))
	must(t, err)
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens the log in a state folder with small segments.
func (m *logMaker) open(state string) *audit.Log {
	m.t.Helper()
	dir := filepath.Join(m.folder, state)
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		m.t.Fatal(err)
	}
	signer, err := checkpoint.NewSigner(checkpoint.Origin(m.device, m.key.Public()), m.key)
	must(m.t, err)
	c := audit.Config{Dir: filepath.Join(dir, audit.FolderName), Signer: signer, Public: m.public, SegmentSize: 1}
	if !m.now.IsZero() {
		c.Now = func() time.Time { return m.now }
	}
	l, err := audit.Open(c)
	must(m.t, err)
	return l
}

// write appends n entries and closes the log.
func (m *logMaker) write(state string, n int, mark string) string {
	m.t.Helper()
	l := m.open(state)
	for i := range n {
		_, err := l.Append(context.Background(), noted(fmt.Sprintf("%s-%d", mark, i)))
		must(m.t, err)
	}
	must(m.t, l.Close())
	return filepath.Join(m.folder, state)
}

func noted(resource string) gate.Entry {
	return gate.Entry{Actor: "system/host", Action: "test", Resource: resource, Outcome: gate.Success, Kind: gate.KindHost, Event: gate.HostAdmin}
}

// host runs a command line in this process.
func hostCommand(in string, args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	code = execute(context.Background(), args, strings.NewReader(in), &o, &e)
	return code, o.String(), e.String()
}

// hostProcess is a command line in a process of its own, which can be killed.
func hostProcess(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	return &exec.Cmd{Path: self, Args: append([]string{"host"}, args...), Stderr: os.Stderr}
}

// exported returns the indices in lines of JSON, and fails for one that is none.
func exported(t testing.TB, data []byte) (all []uint64) {
	t.Helper()
	for line := range bytes.Lines(data) {
		var v struct {
			Index uint64     `json:"index"`
			Entry gate.Entry `json:"entry"`
		}
		if err := json.Unmarshal(line, &v); err != nil || v.Entry.ID == "" {
			t.Fatalf("%.100q: %v", line, err)
		}
		all = append(all, v.Index)
	}
	return all
}

// noGap fails if anything is missing, or comes again beyond a batch.
func noGap(t testing.TB, all []uint64, size uint64) {
	t.Helper()
	next := uint64(0)
	for _, index := range all {
		if index > next || next-index > export.MaxBatch {
			t.Fatalf("entry %d comes after %d", index, next)
		}
		next = max(next, index+1)
	}
	if next != size {
		t.Errorf("ends before %d, not before %d", next, size)
	}
}

// Exporters are killed again and again while a log grows: the file has every entry.
func TestExportIsKilled(t *testing.T) {
	m := newLogMaker(t)
	m.write("state", 300, "before") // so that there is a checkpoint
	l := m.open("state")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := l.Append(context.Background(), noted(fmt.Sprint(i))); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	out, cursor := filepath.Join(m.folder, "out"), filepath.Join(m.folder, "cursor")
	args := []string{"audit", "export", filepath.Join(m.folder, "state"), "--cursor", cursor, "-o", out}
	for range 15 {
		size := fileSize(out)
		p := hostProcess(t, append(args, "--follow")...)
		must(t, p.Start())
		for deadline := time.Now().Add(20 * time.Second); fileSize(out) == size && time.Now().Before(deadline); {
			time.Sleep(100 * time.Microsecond)
		}
		time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond) // between the write and the cursor, or later
		must(t, p.Process.Kill())
		_ = p.Wait() // killed
	}
	close(stop)
	<-stopped
	must(t, l.Close())
	if code, _, errOut := hostCommand("", args...); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	data, err := os.ReadFile(out)
	must(t, err)
	noGap(t, exported(t, data), l.Head().Size)
	t.Logf("%d entries, %d lines", l.Head().Size, bytes.Count(data, []byte("\n")))
}

// fileSize is 0 if there is no such file.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Receivers die with what they have read and not stored, and exporters are killed: what receivers stored has every entry.
func TestReceiverIsKilled(t *testing.T) {
	m := newLogMaker(t)
	state := m.write("state", 3000, "x")
	cursor := filepath.Join(m.folder, "cursor")
	var stored bytes.Buffer
	for range 200 {
		p := hostProcess(t, "audit", "export", state, "--cursor", cursor, "--confirm")
		p.Stderr = nil
		in, err := p.StdinPipe()
		must(t, err)
		from, err := p.StdoutPipe()
		must(t, err)
		must(t, p.Start())
		receive(from, in, &stored, 1+rand.IntN(2000))
		in.Close()
		from.Close()
		if rand.IntN(2) == 0 {
			p.Process.Kill()
		}
		if p.Wait() == nil {
			break
		}
	}
	all := exported(t, stored.Bytes())
	if len(all) == 0 || all[len(all)-1] < 3000-1 {
		t.Fatalf("after 200 tries %d lines were stored", len(all))
	}
	noGap(t, all, all[len(all)-1]+1)
}

// receive stores lines one at a time, confirms now and then, and dies after so many.
func receive(from io.Reader, confirm io.Writer, stored *bytes.Buffer, lines int) {
	in := bufio.NewReader(from)
	for range lines {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var v struct{ Index uint64 }
		if json.Unmarshal(line, &v) != nil {
			return
		}
		stored.Write(line)
		fmt.Fprintln(confirm, v.Index+1)
	}
}

func TestExportRefusesAnotherLog(t *testing.T) {
	m := newLogMaker(t)
	state := m.write("state", 50, "x")
	cursor, out := filepath.Join(m.folder, "cursor"), filepath.Join(m.folder, "out")
	export := func(state string, more ...string) (int, string) {
		code, _, errOut := hostCommand("", append([]string{"audit", "export", state, "--cursor", cursor, "-o", out}, more...)...)
		return code, errOut
	}
	if code, errOut := export(state); code != 0 {
		t.Fatal(errOut)
	}
	before, err := os.ReadFile(out)
	must(t, err)
	for name, state := range map[string]string{
		"rolled back": m.write("short", 40, "x"), "forked": m.write("forked", 60, "y"), "another key": newLogMaker(t).write("state", 60, "x"),
	} {
		if code, errOut := export(state); code != exitRefused || !strings.Contains(errOut, "not the log that the cursor is of") {
			t.Errorf("%s: exit %d, %s", name, code, errOut)
		}
	}
	if code, _, errOut := hostCommand("", "audit", "export", state, "--key", filepath.Join(newLogMaker(t).folder, "audit.pub")); code != exitRefused {
		t.Errorf("with another key: exit %d, %s", code, errOut)
	}
	after, err := os.ReadFile(out)
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Error("something was written")
	}
	if code, errOut := export(state, "--since", "3"); code != exitUsage {
		t.Errorf("--since with a cursor: %d, %s", code, errOut)
	}
}

func TestExportFormats(t *testing.T) {
	m := newLogMaker(t)
	state := m.write("state", 20, "x")
	for format, want := range map[string]string{
		"jsonl": `{"index":0,`, "csv": `"index","hash",`, "cef": "CEF:0|Bulkhead|", "syslog": "<110>1 ",
	} {
		code, out, errOut := hostCommand("", "audit", "export", state, "--format", format)
		if code != 0 || !strings.HasPrefix(out, want) || !strings.Contains(out, "press-7") && strings.Contains("cef syslog", format) {
			t.Errorf("%s: exit %d, %.200s %s", format, code, out, errOut)
		}
	}
	code, out, _ := hostCommand("", "audit", "export", state, "--format", "syslog", "--octet-counting", "--facility", "16", "--enterprise", "7", "--since", "3", "--until", "4")
	length, message, _ := strings.Cut(out, " ")
	if code != 0 || length != fmt.Sprint(len(message)) || !strings.HasPrefix(message, "<134>1 ") || !strings.Contains(message, "[bulkhead@7 ") {
		t.Errorf("%d, %s", code, out)
	}
	site := filepath.Join(m.folder, "site")
	code, out, errOut := hostCommand("", "--json", "audit", "export", state, "--format", "tiles", "-o", site)
	if code != 0 || !strings.Contains(out, `"size": 2`) {
		t.Errorf("tiles: %d, %s %s", code, out, errOut)
	}
	if _, err := os.Stat(filepath.Join(site, "checkpoint")); err != nil {
		t.Error(err)
	}
	for _, bad := range [][]string{
		{"--format", "xml"}, {"--format", "tiles"}, {"--format", "tiles", "-o", site, "--cursor", "x"}, {"--confirm"}, {"--confirm", "--cursor", "c", "-o", "f"},
		{"--octet-counting"}, {"--format", "syslog", "--octet-counting", "-o", "f"}, {"--format", "csv", "--facility", "3"}, {"--format", "syslog", "--facility", "24"},
	} {
		if code, _, errOut := hostCommand("", append([]string{"audit", "export", state}, bad...)...); code != exitUsage {
			t.Errorf("%v: exit %d, %s", bad, code, errOut)
		}
	}
}

// The title stands once, however often the export goes on.
func TestExportedTitle(t *testing.T) {
	m := newLogMaker(t)
	state := m.write("state", 5, "x")
	cursor, out := filepath.Join(m.folder, "cursor"), filepath.Join(m.folder, "out.csv")
	for range 3 {
		if code, _, errOut := hostCommand("", "audit", "export", state, "--format", "csv", "--cursor", cursor, "-o", out); code != 0 {
			t.Fatal(errOut)
		}
		m.write("state", 5, "y")
	}
	data, err := os.ReadFile(out)
	must(t, err)
	if bytes.Count(data, []byte(`"previous_hash"`)) != 1 || !bytes.HasPrefix(data, []byte(`"index"`)) {
		t.Errorf("%.300s", data)
	}
}

func TestConfirmed(t *testing.T) {
	for in, ok := range map[string]bool{"5\n": true, "1\n3\n5\n": true, "4\n": false, "6\n": false, "x\n": false, "": false, strings.Repeat("5", 100): false} {
		if err := confirmed(strings.NewReader(in))(5); (err == nil) != ok {
			t.Errorf("%.20q: %v", in, err)
		}
	}
}
