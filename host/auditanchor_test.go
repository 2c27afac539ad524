package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	formats "github.com/transparency-dev/formats/note"

	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/keys"
)

// An anchorWorld has a log, and a witness who is elsewhere.
type anchorWorld struct {
	*logMaker
	state, pub, anchor, witness string
}

func newAnchorWorld(t *testing.T) *anchorWorld {
	t.Helper()
	w := &anchorWorld{logMaker: newLogMaker(t)}
	w.state = w.write("state", 300, "x")
	w.pub, w.anchor, w.witness = filepath.Join(w.folder, "audit.pub"), filepath.Join(w.folder, "anchor"), filepath.Join(w.folder, "w1")
	_, err := keys.Create(w.folder, "w1", keys.Witness, true)
	must(t, err)
	return w
}

// run returns the exit code and what was said.
func (w *anchorWorld) run(args ...string) (int, string) {
	code, out, errOut := hostCommand("", append([]string{"audit"}, args...)...)
	return code, out + errOut
}

func (w *anchorWorld) want(want int, text string, args ...string) {
	w.t.Helper()
	if code, out := w.run(args...); code != want || !strings.Contains(out, text) {
		w.t.Errorf("%v: exit %d, want %d and %q: %s", args, code, want, text, out)
	}
}

func (w *anchorWorld) cosignArgs(source string) []string {
	return []string{"anchor", source, "--key", w.pub, "--witness-key", w.witness + ".key", "--checkpoint", w.anchor}
}

func (w *anchorWorld) verifyArgs() []string {
	return []string{"anchor", "--verify", "--key", w.pub, "--checkpoint", w.anchor, "--witness", w.witness + ".pub"}
}

func TestAnchorAndWitness(t *testing.T) {
	w := newAnchorWorld(t)
	w.want(0, "301 entries", "anchor", w.state, "--out", w.anchor, "--key", w.pub)
	w.want(exitRefused, "has not cosigned", w.verifyArgs()...)
	w.want(0, "cosigned as bulkhead/witness/w1/", w.cosignArgs(w.state)...)
	w.want(0, "cosigned by bulkhead/witness/w1/", w.verifyArgs()...)
	w.want(0, "had the latest checkpoint already", "anchor", w.state, "--out", w.anchor)
	w.want(0, "cosigned by", w.verifyArgs()...)
	w.want(0, "log ok", "verify", w.state, "--checkpoint", w.anchor, "--witness", w.witness+".pub")

	w.write("state", 300, "y")
	w.want(0, "has the latest checkpoint: 6", "anchor", w.state, "--out", w.anchor)
	w.want(exitRefused, "has not cosigned", "verify", w.state, "--checkpoint", w.anchor, "--witness", w.witness+".pub")
	w.want(0, "cosigned as", w.cosignArgs(w.state)...)
	w.want(0, "log ok", "verify", w.state, "--checkpoint", w.anchor, "--witness", w.witness+".pub")
	w.libraryVerifies()
}

// libraryVerifies reads the cosigned checkpoint with the library alone.
func (w *anchorWorld) libraryVerifies() {
	w.t.Helper()
	key, err := keys.ReadWitnessPublic(w.witness + ".pub")
	must(w.t, err)
	data, err := os.ReadFile(w.anchor)
	must(w.t, err)
	ed, ml := checkpoint.NewWitness(key).Keys()
	for _, vkey := range []string{ed, ml} {
		v, err := formats.NewVerifierForCosignatureV1(vkey)
		must(w.t, err)
		if n, err := note.Open(data, note.VerifierList(v)); err != nil || len(n.Sigs) != 1 {
			w.t.Errorf("%.40s: %v", vkey, err)
		}
	}
}

func TestAnchorRefuses(t *testing.T) {
	w := newAnchorWorld(t)
	w.want(0, "", "anchor", w.state, "--out", w.anchor)
	w.want(0, "", w.cosignArgs(w.state)...)
	kept, err := os.ReadFile(w.anchor)
	must(t, err)
	short, forked, longer := w.write("short", 200, "x"), w.write("forked", 300, "z"), w.write("longer", 400, "z")
	w.want(exitRefused, "rolled back", "anchor", short, "--out", w.anchor)
	w.want(exitRefused, "both checkpoints are in", "anchor", forked, "--out", w.anchor)
	w.want(exitRefused, "both checkpoints are in", "anchor", longer, "--out", w.anchor)
	w.want(exitRefused, "no checkpoint of the log", "anchor", newLogMaker(t).write("state", 400, "x"), "--out", w.anchor, "--key", w.pub)
	if now, err := os.ReadFile(w.anchor); err != nil || !bytes.Equal(now, kept) {
		t.Error("the anchor changed")
	}
	for folder, text := range map[string]string{short: "rolled back", forked: "both checkpoints are in", longer: "both checkpoints are in"} {
		must(t, os.Remove(w.anchor))
		w.want(0, "", "anchor", folder, "--out", w.anchor) // a new file believes anything; the witness does not
		w.want(exitRefused, text, w.cosignArgs(folder)...)
		w.want(exitRefused, "has not cosigned", w.verifyArgs()...)
	}
	if found, err := filepath.Glob(w.witness + ".state.fork-*"); err != nil || len(found) != 2 {
		t.Errorf("evidence: %v, %v", found, err)
	}
	for _, args := range [][]string{
		{"anchor", w.state}, {"anchor", w.state, "--out", "x", "--verify"}, {"anchor", w.state, "--out", "x", "--checkpoint", "y"}, {"anchor", "--verify", "--checkpoint", w.anchor, "--key", w.pub},
		{"anchor", w.state, "--witness-key", w.witness + ".key", "--checkpoint", w.anchor}, {"anchor", w.state, "--witness-key", w.witness + ".key", "--key", w.pub},
		{"anchor", w.state, "--out", "x", "--token-file", "t"}, {"anchor", "http://example.com/audit", "--out", "x"}, {"verify", w.state, "--witness", w.witness + ".pub"},
		{"anchor", w.state, "--key", w.pub, "--witness-key", w.pub, "--checkpoint", w.anchor}, {"anchor", w.state, "--key", w.pub, "--witness-key", w.witness + ".pub", "--checkpoint", w.anchor},
	} {
		w.want(exitUsage, "", args...)
	}
}

// A witness reads a running host's log, or a folder of tiles, over HTTP or not.
func TestWitnessElsewhere(t *testing.T) {
	w := newAnchorWorld(t)
	site, token := filepath.Join(w.folder, "site"), filepath.Join(w.folder, "token")
	must(t, os.WriteFile(token, []byte("secret\n"), 0o600))
	w.want(0, "", "export", w.state, "--format", "tiles", "-o", site)
	w.want(0, "", "anchor", site, "--key", w.pub, "--out", w.anchor)
	w.want(0, "cosigned", w.cosignArgs(site)...)
	w.write("state", 600, "y")
	l := w.open("state")
	defer l.Close()
	host := httptest.NewServer(serveLog(l))
	defer host.Close()
	url := host.URL + "/audit"
	w.want(exitDenied, "needs a token", "anchor", url, "--key", w.pub, "--out", w.anchor)
	w.want(0, "entries", "anchor", url, "--key", w.pub, "--out", w.anchor, "--token-file", token)
	w.want(0, "cosigned", append(w.cosignArgs(url), "--token-file", token)...)
	w.want(0, "cosigned by", w.verifyArgs()...)
	web := httptest.NewServer(http.FileServer(http.Dir(site)))
	defer web.Close()
	w.want(exitRefused, "rolled back", "anchor", web.URL, "--key", w.pub, "--out", w.anchor) // the site is older
	w.want(0, "", "export", w.state, "--format", "tiles", "-o", site)
	w.want(0, "cosigned", w.cosignArgs(web.URL)...)
	w.want(exitUsage, "https", "anchor", "http://log.example.com/", "--key", w.pub, "--out", w.anchor, "--token-file", token)
	w.want(exitFailure, "", "anchor", web.URL+"/nothing", "--key", w.pub, "--out", w.anchor)
}

// serveLog is a host with one caller.
func serveLog(l *audit.Log) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/audit/")
		data, err := l.Checkpoint(), error(nil)
		if path != audit.CheckpointName {
			data, err = l.Tile(path)
		}
		switch {
		case r.Header.Get("Authorization") != "Bearer secret":
			http.Error(w, "no", http.StatusUnauthorized)
		case err != nil:
			http.NotFound(w, r)
		default:
			w.Write(data)
		}
	})
}

// A server that never ends, redirects or lies about its tiles costs nothing and gets no cosignature.
func TestWitnessOfAHostileServer(t *testing.T) {
	w := newAnchorWorld(t)
	w.want(0, "", "anchor", w.state, "--out", w.anchor)
	kept, err := os.ReadFile(w.anchor)
	must(t, err)
	for name, serve := range map[string]http.HandlerFunc{
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		},
		"redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		},
		"false tiles":  func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 8192)) },
		"short tiles":  func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 31)) },
		"nothing":      http.NotFound,
		"server error": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
	} {
		server := httptest.NewServer(serve)
		if code, out := w.run(w.cosignArgs(server.URL)...); code == 0 {
			t.Errorf("%s: %s", name, out)
		}
		server.CloseClientConnections()
		server.Close()
		if now, err := os.ReadFile(w.anchor); err != nil || !bytes.Equal(now, kept) {
			t.Errorf("%s: the checkpoint changed", name)
		}
	}
}
