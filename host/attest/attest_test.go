package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"bulkhead/host/strictjson"
)

// A key of these tests is Ed25519ctx (RFC 8032), which is what the composite is to this package: a signature in a context.
type testKey struct{ private ed25519.PrivateKey }

func newKey(seed byte) testKey {
	return testKey{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))}
}

func (k testKey) Bytes() []byte { return k.private.Public().(ed25519.PublicKey) }

func (k testKey) Sign(message []byte, context string) ([]byte, error) {
	return k.private.Sign(nil, message, &ed25519.Options{Context: context})
}

func (k testKey) Verify(message []byte, context string, signature []byte) error {
	return ed25519.VerifyWithOptions(k.Bytes(), message, signature, &ed25519.Options{Hash: crypto.Hash(0), Context: context})
}

var (
	ctx   = context.Background()
	key   = newKey(1)
	nonce = []byte("0123456789abcdef")
	asker = ByPlugin("acme/inspect", strings.Repeat("d", 64), "call-1")
)

func config() Config {
	return Config{
		Signer: key, PublicKey: key.Bytes(),
		Log: func() Log {
			return Log{Origin: strings.Repeat("0", 64), Size: 7, Root: strings.Repeat("1", 64)}
		},
		Plugins: func() []Plugin {
			return []Plugin{{"inspect", "acme/inspect", "1.4.2", strings.Repeat("d", 64)}, {"auth", "acme/auth", "1.0.0", strings.Repeat("e", 64)}}
		},
		Host: Host{"1.0.0", "abc", "go1.26", "linux/arm64"},
	}
}

func made(t *testing.T, change func(*Config)) []byte {
	t.Helper()
	c := config()
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.AttestPlugin(ctx, "acme/inspect", asker.Digest, asker.Call, nonce)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func expected() Expected { return Expected{key, asker, nonce} }

func TestEvidenceIsVerified(t *testing.T) {
	data := made(t, func(c *Config) { c.Development = true })
	e, err := Verify(data, expected())
	if err != nil {
		t.Fatal(err)
	}
	if e.Kind != "software" || e.Assurance != "none" || !e.Development || e.Log.Size != 7 || len(e.Plugins) != 2 ||
		e.Plugins[0].Version != "1.4.2" || e.Host.Platform != "linux/arm64" || !strings.Contains(e.Statement, "proves nothing about the hardware") {
		t.Errorf("evidence %+v", e)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(pretty.Bytes(), expected()); err != nil {
		t.Errorf("with white space: %v", err)
	}
	if canonical, err := strictjson.Canonical(data); err != nil || !bytes.Equal(canonical, data) {
		t.Errorf("not in canonical form: %v", err)
	}
}

func TestEvidenceWithoutPlugins(t *testing.T) {
	for _, none := range [][]Plugin{nil, {}} {
		if _, err := Verify(made(t, func(c *Config) { c.Plugins = func() []Plugin { return none } }), expected()); err != nil {
			t.Error(err)
		}
	}
}

// Evidence for one never passes for another's.
func TestVerifyRefusesWhatWasNotExpected(t *testing.T) {
	data := made(t, nil)
	for _, c := range []struct {
		name   string
		change func(*Expected)
		want   error
	}{
		{"operator", func(e *Expected) { e.Requester = ByOperator() }, ErrRequester},
		{"host", func(e *Expected) { e.Requester = ByHost() }, ErrRequester},
		{"another plugin", func(e *Expected) { e.Requester.Who = "plugin:acme/other" }, ErrRequester},
		{"another digest", func(e *Expected) { e.Requester.Digest = strings.Repeat("c", 64) }, ErrRequester},
		{"another call", func(e *Expected) { e.Requester.Call = "call-2" }, ErrRequester},
		{"another nonce", func(e *Expected) { e.Nonce = []byte("fedcba9876543210") }, ErrNonce},
		{"another key", func(e *Expected) { e.Key = newKey(2) }, ErrKey},
		{"zero", func(e *Expected) { *e = Expected{} }, nil},
		{"no key", func(e *Expected) { e.Key = nil }, nil},
		{"no requester", func(e *Expected) { e.Requester = Requester{} }, nil},
		{"plugin without call", func(e *Expected) { e.Requester.Call = "" }, nil},
		{"operator with call", func(e *Expected) { e.Requester.Who = "operator" }, nil},
		{"no nonce", func(e *Expected) { e.Nonce = nil }, nil},
	} {
		want := expected()
		c.change(&want)
		if e, err := Verify(data, want); err == nil || e != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// forged is a host that signs whatever it likes, with the right key.
func forged(t *testing.T, change func(*Evidence), context string) []byte {
	t.Helper()
	e, err := decode(made(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	e.Signature = nil
	change(e)
	message, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	if e.Signature, err = key.Sign(message, context); err != nil {
		t.Fatal(err)
	}
	out, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestVerifyRefusesForgeries(t *testing.T) {
	good := made(t, nil)
	if _, err := Verify(forged(t, func(*Evidence) {}, Type), expected()); err != nil {
		t.Fatalf("the forger's own check: %v", err)
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"empty", nil},
		{"null", []byte("null")},
		{"unsigned", bytes.Replace(good, signatureOf(t, good), []byte(`"signature":null`), 1)},
		{"another context", forged(t, func(*Evidence) {}, "bulkhead/sign/v1/acme/inspect/report")},
		{"no context", forged(t, func(*Evidence) {}, "")},
		{"another type", forged(t, func(e *Evidence) { e.Type = "bulkhead/evidence/v2" }, Type)},
		{"more assurance", forged(t, func(e *Evidence) { e.Assurance = "hardware" }, Type)},
		{"another kind", forged(t, func(e *Evidence) { e.Kind = "tpm" }, Type)},
		{"finer words", forged(t, func(e *Evidence) { e.Statement = "all is well" }, Type)},
		{"qualifying data of other fields", forged(t, func(e *Evidence) { e.Log.Size++ }, Type)},
		{"another key id", forged(t, func(e *Evidence) { e.KeyID = strings.Repeat("0", 64) }, Type)},
		{"missing member", bytes.Replace(good, []byte(`"development":false,`), nil, 1)},
		{"unknown member", bytes.Replace(good, []byte(`{"`), []byte(`{"a":1,"`), 1)},
		{"member twice", bytes.Replace(good, []byte(`"development":false`), []byte(`"development":false,"development":false`), 1)},
		{"other case", bytes.Replace(good, []byte(`"development"`), []byte(`"Development"`), 1)},
		{"data after it", append(bytes.Clone(good), "{}"...)},
		{"too large", append(bytes.Clone(good), bytes.Repeat([]byte(" "), MaxEvidence)...)},
		{"size beyond exact numbers", bytes.Replace(good, []byte(`"size":7`), []byte(`"size":9007199254740993`), 1)},
	} {
		if bytes.Equal(c.data, good) {
			t.Fatalf("%s: nothing was forged", c.name)
		}
		if e, err := Verify(c.data, expected()); err == nil || e != nil {
			t.Errorf("%s was accepted", c.name)
		}
	}
}

func signatureOf(t *testing.T, data []byte) []byte {
	t.Helper()
	i := bytes.Index(data, []byte(`"signature":`))
	j := bytes.IndexByte(data[i:], ',')
	return data[i : i+j]
}

func TestNoFlippedBitIsAccepted(t *testing.T) {
	good := made(t, nil)
	for i := range good {
		for _, bit := range []byte{1, 0x20} {
			bad := bytes.Clone(good)
			bad[i] ^= bit
			if _, err := Verify(bad, expected()); err == nil {
				t.Fatalf("byte %d, bit %#x: accepted", i, bit)
			}
		}
	}
}

// No two sets of fields have the same qualifying data, however their bytes are shared out.
func TestQualifyingDataAreUnambiguous(t *testing.T) {
	seen := map[string]string{}
	for _, e := range []Evidence{
		{},
		{Requester: Requester{Who: "plugin:ab", Digest: "c", Call: "d"}},
		{Requester: Requester{Who: "plugin:a", Digest: "bc", Call: "d"}},
		{Requester: Requester{Who: "plugin:a", Digest: "b", Call: "cd"}},
		{Requester: Requester{Who: "plugin:abcd"}},
		{Nonce: []byte("plugin:abcd")},
		{PublicKey: []byte("plugin:abcd")},
		{Log: Log{Origin: "ab"}},
		{Log: Log{Origin: "a", Root: "b"}},
		{Log: Log{Root: "ab"}},
		{Log: Log{Size: 1}},
		{Log: Log{Size: 256}},
	} {
		q := e.qualify()
		if other, ok := seen[q]; ok {
			t.Errorf("%+v has the qualifying data of %s", e, other)
		}
		seen[q] = e.Requester.Who
	}
}

// A vector, so that other programs can be held against this one.
func TestQualifyingDataVector(t *testing.T) {
	e := Evidence{Type: Type, Requester: asker, Nonce: nonce, PublicKey: []byte("key"), Log: Log{"origin", 258, "root"}}
	if got, want := e.qualify(), "24873a32ebda39d824e4394a932e715ea2fe3ce52968f097aa8519b78fbb861a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAttestRefuses(t *testing.T) {
	s, err := New(config())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		who   Requester
		nonce []byte
	}{
		{"nobody", Requester{}, nonce},
		{"an operator with a call", Requester{Who: "operator", Call: "x"}, nonce},
		{"a plugin without name", ByPlugin("", "d", "c"), nonce},
		{"a plugin without digest", ByPlugin("acme/x", "", "c"), nonce},
		{"a plugin without call", ByPlugin("acme/x", "d", ""), nonce},
		{"an invention", Requester{Who: "root"}, nonce},
		{"short nonce", ByOperator(), nonce[:15]},
		{"long nonce", ByOperator(), make([]byte, 65)},
	} {
		if data, err := s.Attest(ctx, c.who, c.nonce); err == nil || data != nil {
			t.Errorf("%s was attested", c.name)
		}
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Attest(done, ByOperator(), nonce); !errors.Is(err, context.Canceled) {
		t.Errorf("past the deadline: %v", err)
	}
}

type brokenKey struct{}

func (brokenKey) Sign([]byte, string) ([]byte, error) { return nil, errors.New("broken") }

func TestBrokenKeyMakesNoEvidence(t *testing.T) {
	c := config()
	c.Signer = brokenKey{}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := s.Attest(ctx, ByHost(), nonce); err == nil || data != nil {
		t.Errorf("evidence %s", data)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { *c = Config{} }, func(c *Config) { c.Signer = nil }, func(c *Config) { c.PublicKey = nil },
		func(c *Config) { c.Log = nil }, func(c *Config) { c.Plugins = nil }, func(c *Config) { c.Host = Host{} },
	} {
		c := config()
		change(&c)
		if s, err := New(c); err == nil || s != nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}
