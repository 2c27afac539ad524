//go:build peers

package c_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/sandbox"
)

// exercise runs f with testdata/exercise.c on every backend.
func exercise(t *testing.T, c sdktest.Config, f func(t *testing.T, p *sdktest.Plugin)) {
	wasm := compile(t, false, "testdata/exercise.c")
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			f(t, sdktest.New(t, c, sandbox.New(t, sandbox.Config{Backend: b.open(), Wasm: wasm})))
		})
	}
}

func everything() sdktest.Config {
	return sdktest.Config{
		Grants: abi.GrantsOf(abi.Log, abi.Audit, abi.Sign, abi.Attest, abi.Infer),
		Keys:   2,
		Models: []func([]byte) ([]byte, error){
			func(in []byte) ([]byte, error) { return append([]byte("short:"), in...), nil },
			func(in []byte) ([]byte, error) { return bytes.Repeat(in, 100), nil },
			func([]byte) ([]byte, error) { return nil, abi.ErrDenied },
		},
		Assets: [][]byte{bytes.Repeat([]byte("asset"), 20_000), {}},
	}
}

func errno(e abi.Errno) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(int32(e))) }

func TestPeerCapabilities(t *testing.T) {
	exercise(t, everything(), func(t *testing.T, p *sdktest.Plugin) {
		if err := p.Configure(`{"word":"hello"}`); err != nil {
			t.Fatal(err)
		}
		ask := func(request string) []byte {
			t.Helper()
			answer, err := p.Raw([]byte(request))
			if err != nil {
				t.Fatalf("%q: %v", request, err)
			}
			return answer
		}
		nonce := strings.Repeat("n", 16)
		for _, c := range []struct {
			name, request string
			want          []byte
		}{
			{"echo", "etext", []byte("text")},
			{"empty answer", "e", nil},
			{"asset, read at load", "c", p.Host.Config().Assets[0]},
			{"size of an asset", "r\x00", errno(100_000)},
			{"empty asset", "r\x01", errno(0)},
			{"no asset", "r\x02", errno(abi.ErrNotFound)},
			{"nothing kept", "k", errno(abi.ErrNotFound)},
			{"audit", `a{"a":1}`, errno(0)},
			{"audit of no object", "a[]", errno(abi.ErrInvalid)},
			{"audit at load", "A", errno(abi.ErrUnavailable)},
			{"audit outside of memory", "F", errno(abi.ErrFault)},
			{"attest", "t" + nonce, p.Host.Evidence([]byte(nonce))},
			{"attest without nonce", "t", errno(abi.ErrInvalid)},
			{"infer", "i\x00x", []byte("short:\x00x")},
			{"infer with a long answer", "i\x01x", bytes.Repeat([]byte("\x01x"), 100)},
			{"infer that is denied", "i\x02", errno(abi.ErrDenied)},
			{"infer without such a model", "i\x03", errno(abi.ErrNotFound)},
			{"sign without such a key", "s\x02", errno(abi.ErrNotFound)},
			{"log", "lwords", nil},
			{"progress", "p", nil},
		} {
			if got := ask(c.request); !bytes.Equal(got, c.want) {
				t.Errorf("%s: got %.40q of %d bytes, want %.40q of %d", c.name, got, len(got), c.want, len(c.want))
			}
		}
		if signature := ask("s\x01message"); !p.Host.Verify(1, []byte("\x01message"), signature) {
			t.Error("sign: the signature is not one over the message")
		}
		if got := p.Host.Lines(); len(got) != 2 || got[0] != (sdktest.Line{Level: abi.LevelInfo, Text: `{"word":"hello"}`}) || got[1] != (sdktest.Line{Level: abi.LevelWarn, Text: "words"}) {
			t.Errorf("log: %v", got)
		}
		if got := p.Host.Audits(); len(got) != 1 || string(got[0]) != `{"a":1}` {
			t.Errorf("audit: %s", got)
		}
		if got := p.Host.Reports(); len(got) != 2 || got[1] != (sdktest.Report{Done: 3, Total: 3}) {
			t.Errorf("progress: %v", got)
		}
	})
}

func TestPeerErrors(t *testing.T) {
	exercise(t, everything(), func(t *testing.T, p *sdktest.Plugin) {
		if err := p.Configure(`{"fail":1}`); err == nil || err.Error() != `{"fail":1}` {
			t.Errorf("configure: %v", err)
		}
		if err := p.Configure(nil); err != nil {
			t.Fatal(err)
		}
		for request, want := range map[string]string{"": "nothing was asked", "Ewhy": "why", "?": "no such thing", "E": ""} {
			if _, err := p.Raw([]byte(request)); err == nil || err.Error() != want {
				t.Errorf("%q: got %v, want %q", request, err, want)
			}
		}
	})
}

// A guest that breaks the ABI loses its call and nothing else.
func TestPeerViolations(t *testing.T) {
	wasm := compile(t, false, "testdata/exercise.c")
	for _, b := range backends() {
		m := sandbox.New(t, sandbox.Config{Backend: b.open(), Wasm: wasm})
		h := sdktest.New(t, everything(), m).Host
		if err := m.Configure(h, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name    string
			request []byte
			want    error
		}{
			{"trap", []byte("x"), runtimes.ErrTrap},
			{"answer outside of memory", []byte("X"), runtimes.ErrBadOutput},
			{"address outside of memory", []byte("0"), runtimes.ErrTrap},
			{"largest request", append([]byte("e"), make([]byte, 64<<10-1)...), nil},
			{"larger request", make([]byte, 64<<10+1), runtimes.ErrLimit},
			{"error that is not UTF-8", []byte("E\xff"), runtimes.ErrBadOutput},
			{"good one", []byte("e"), nil},
		} {
			if _, err := m.Handle(h, c.request); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: got %v, want %v", b.name, c.name, err, c.want)
			}
		}
	}
}

// The module imports what its code can reach, and nothing else.
func TestPeerImports(t *testing.T) {
	has := func(wasm []byte, name string) bool {
		return bytes.Contains(wasm, append([]byte{byte(len(name))}, name...))
	}
	all, none := compile(t, false, "testdata/exercise.c"), compile(t, false, "testdata/memory.c")
	for _, name := range []string{"log", "audit", "sign", "attest", "infer", "read", "result", "progress"} {
		if !has(all, name) {
			t.Errorf("exercise.c does not import %s", name)
		}
	}
	if has(none, "bulkhead_v1") {
		t.Error("memory.c imports a host function")
	}
	for _, name := range []string{"producers", "target_features", "name", "testdata"} {
		if bytes.Contains(all, []byte(name)) {
			t.Errorf("the module says %q, which may differ from machine to machine", name)
		}
	}
}

func TestPeerText(t *testing.T) {
	exercise(t, everything(), func(t *testing.T, p *sdktest.Plugin) {
		for _, s := range []string{"", "plain", `"\`, "\x00\x1f\n", "größe ☃", strings.Repeat("a", 25)} {
			answer, err := p.Raw([]byte("j" + s))
			if err != nil {
				t.Errorf("%q: %v", s, err)
				continue
			}
			var got struct {
				N int    `json:"n"`
				S string `json:"s"`
			}
			if err := json.Unmarshal(answer, &got); err != nil || got.N != len(s) || got.S != s {
				t.Errorf("%q became %s: %v", s, answer, err)
			}
		}
		for s, want := range map[string]string{
			strings.Repeat("a", 27): `{"n":27,"s":"` + strings.Repeat("a", 26),
			strings.Repeat("☃", 10): `{"n":30,"s":"` + strings.Repeat("☃", 8) + "☃"[:0],
			strings.Repeat("\n", 9): `{"n":9,"s":"` + strings.Repeat(`\u000a`, 4),
		} {
			if _, err := p.Raw([]byte("j" + s)); err == nil || !strings.HasPrefix(err.Error(), want) || len(err.Error()) > 40 {
				t.Errorf("%q: got %v, want the beginning %q", s, err, want)
			}
		}
	})
}
