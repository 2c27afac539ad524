package bundle

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/keys"
)

func TestOpen(t *testing.T) {
	f := newFixture(t)
	b, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	if b.Publisher != "acme" || !slices.Equal(b.Signers, []string{key(t, 1).Public().ID()}) {
		t.Errorf("signed by %s, %v", b.Publisher, b.Signers)
	}
	if string(b.Wasm) != tinyWasm || len(b.Assets) != 1 || string(b.Assets[0]) != `["0","1"]` {
		t.Errorf("wasm %q, assets %q", b.Wasm, b.Assets)
	}
	d := b.Descriptor
	if d.Name != "acme/inspect" || d.Version != "1.2.3" || d.Grants() != abi.GrantsOf(abi.Log, abi.Sign, abi.Infer) {
		t.Errorf("descriptor %+v", d)
	}
	if a := d.Tools[0].Annotations; a == nil || !a.ReadOnly || a.Destructive == nil || *a.Destructive || a.OpenWorld != nil {
		t.Errorf("annotations %+v", a)
	}
	const schema = `{"type":"object","properties":{"image":{"type":"string","title":"<&> \u00e9"}},"required":["image"]}`
	if got := string(b.Schemas[0].Input.Raw()); got != schema || string(d.Tools[0].InputSchema) != schema {
		t.Errorf("schema %s, want %s", got, schema)
	}
	if b.Schemas[0].Output == nil || b.Schemas[0].Input.Validate([]byte(`{"image":1}`)) == nil {
		t.Error("the schemas are not compiled")
	}
	if len(b.SelfTests) != 1 || b.SelfTests[0].Tool != "label" || b.SelfTests[0].Check([]byte(`{"content":[{"text":"7","type":"text"}]}`)) != nil {
		t.Errorf("self-tests %+v", b.SelfTests)
	}
	f.want = Want{Is: "acme/inspect@1.2.3", Digest: "sha256:" + b.Digest, Role: abi.RoleTool}
	if _, err := f.open(); err != nil {
		t.Errorf("pinned: %v", err)
	}
}

// One row per attack.
func TestOpenRefuses(t *testing.T) {
	other := func(t testing.TB, fill byte) Publisher {
		return Publisher{Name: "other", Keys: []*keys.Public{key(t, fill).Public()}, Threshold: 1, MaySign: []string{"other/*"}, Roles: abi.Roles()}
	}
	for _, c := range []struct {
		name  string
		spoil func(f *fixture)
		want  string
	}{
		// The folder.
		{"missing folder", func(f *fixture) { f.dir += "x" }, "no such file"},
		{"folder is a file", func(f *fixture) { f.dir = f.path(WasmFile) }, "not a folder"},
		{"folder is a link", func(f *fixture) { do(f.t, os.Symlink(f.dir, f.dir+"-link")); f.dir += "-link" }, "not a folder"},
		{"missing module", func(f *fixture) { f.remove(WasmFile) }, "missing"},
		{"missing asset", func(f *fixture) { f.remove("labels.json") }, "missing"},
		{"missing envelope", func(f *fixture) { f.remove(envelopeFile) }, "no such file"},
		{"unsigned", func(f *fixture) { f.write(statementFile, "{}"); f.remove(envelopeFile) }, "host plugin sign"},
		{"extra file", func(f *fixture) { f.write("extra", "") }, "does not speak of it"},
		{"hidden file", func(f *fixture) { f.write(".hidden", "") }, "does not speak of it"},
		{"plugin.toml", func(f *fixture) { f.write(SourceFile, toolTOML) }, "does not speak of it"},
		{"a statement beside the envelope", func(f *fixture) { f.write(statementFile, "{}") }, "does not speak of it"},
		{"extra empty folder", func(f *fixture) { do(f.t, os.Mkdir(f.path("folder"), 0o755)) }, "empty folder"},
		{"extra folder with a file", func(f *fixture) { f.write("folder/file", "") }, "does not speak of it"},
		{"very many files", func(f *fixture) {
			for i := range 300 {
				f.write(fmt.Sprint("extra", i), "")
			}
		}, "more than"},
		{"two files swapped", func(f *fixture) {
			a, b := f.read("testdata/seven.json"), f.read("labels.json")
			f.write("testdata/seven.json", string(b))
			f.write("labels.json", string(a))
		}, "digest differs"},
		{"a byte appended", func(f *fixture) { f.write(WasmFile, tinyWasm+"x") }, "digest differs"},
		{"a byte cut", func(f *fixture) { f.write(WasmFile, tinyWasm[:7]) }, "digest differs"},
		{"symbolic link to the same bytes", func(f *fixture) {
			do(f.t, os.Rename(f.path(WasmFile), f.dir+".wasm"))
			do(f.t, os.Symlink(f.dir+".wasm", f.path(WasmFile)))
		}, "neither file nor folder"},
		{"symbolic link inside the bundle", func(f *fixture) {
			f.remove("labels.json")
			do(f.t, os.Symlink(WasmFile, f.path("labels.json")))
		}, "neither file nor folder"},
		{"envelope is a link", func(f *fixture) {
			do(f.t, os.Rename(f.path(envelopeFile), f.dir+".dsse"))
			do(f.t, os.Symlink(f.dir+".dsse", f.path(envelopeFile)))
		}, "not a regular file"},
		{"linked folder", func(f *fixture) {
			do(f.t, os.Rename(f.path("testdata"), f.dir+".testdata"))
			do(f.t, os.Symlink(f.dir+".testdata", f.path("testdata")))
		}, "neither file nor folder"},
		{"pipe for the module", func(f *fixture) { f.remove(WasmFile); do(f.t, syscall.Mkfifo(f.path(WasmFile), 0o600)) }, "neither file nor folder"},
		{"pipe for the envelope", func(f *fixture) { f.remove(envelopeFile); do(f.t, syscall.Mkfifo(f.path(envelopeFile), 0o600)) }, "not a regular file"},
		{"socket", func(f *fixture) {
			l, err := net.Listen("unix", f.path("s"))
			do(f.t, err)
			f.t.Cleanup(func() { l.Close() })
		}, "neither file nor folder"},
		{"folder for the module", func(f *fixture) { f.remove(WasmFile); do(f.t, os.Mkdir(f.path(WasmFile), 0o755)) }, "empty folder"},
		{"oversized module", func(f *fixture) { do(f.t, os.Truncate(f.path(WasmFile), MaxWasm+1)) }, "more than"},
		{"oversized asset", func(f *fixture) { do(f.t, os.Truncate(f.path("labels.json"), MaxBundle+1)) }, "more than"},
		{"oversized envelope", func(f *fixture) { do(f.t, os.Truncate(f.path(envelopeFile), MaxEnvelope+1)) }, "more than"},

		// The envelope.
		{"empty envelope", func(f *fixture) { f.write(envelopeFile, "") }, "decoding"},
		{"text after the envelope", func(f *fixture) { f.write(envelopeFile, string(f.read(envelopeFile))+"{}") }, "after"},
		{"no signatures", func(f *fixture) { f.envelope(func(e *envelope) { e.signatures = nil }) }, "0 signatures"},
		{"17 signatures", func(f *fixture) {
			f.envelope(func(e *envelope) {
				for i := range MaxSignatures {
					e.signatures = append(e.signatures, signature{hexDigest([]byte{byte(i)}), make([]byte, keys.SignatureSize)})
				}
			})
		}, "17 signatures"},
		{"payload type", func(f *fixture) { f.edit(PayloadType, "application/vnd.in-toto+xml") }, "payload type"},
		{"payload type in another case", func(f *fixture) { f.edit(PayloadType, "application/vnd.in-toto+JSON") }, "payload type"},
		{"unknown member", func(f *fixture) { f.edit(`"payload"`, `"extra":1,"payload"`) }, "unknown"},
		{"duplicate payload", func(f *fixture) { f.edit(`"payload"`, `"payload":"","payload"`) }, "duplicate"},
		{"line break in the payload", func(f *fixture) { f.edit(`"payload": "`, `"payload": "\n`) }, "base64"},
		{"key id in upper case", func(f *fixture) {
			f.envelope(func(e *envelope) { e.signatures[0].keyID = strings.ToUpper(e.signatures[0].keyID) })
		}, "form"},
		{"another plugin's envelope", func(f *fixture) {
			g := newFixture(f.t)
			do(f.t, os.RemoveAll(g.dir))
			g.dir = build(f.t, authSource())
			do(f.t, Sign(g.dir, key(f.t, 1)))
			f.write(envelopeFile, string(g.read(envelopeFile)))
			f.publishers[0].Roles = abi.Roles()
		}, "the manifest wants"},
		{"the envelope of another version", func(f *fixture) {
			source := toolSource()
			source["module.wasm"] = tinyWasm + "\x00\x02\x01x" // a custom section
			g := &fixture{t: f.t, dir: build(f.t, source)}
			do(f.t, Sign(g.dir, key(f.t, 1)))
			f.write(envelopeFile, string(g.read(envelopeFile)))
		}, "digest differs"},

		// Signatures and publishers.
		{"no publishers", func(f *fixture) { f.publishers = nil }, "nobody"},
		{"unknown key", func(f *fixture) { f.publishers[0].Keys[0] = key(f.t, 2).Public() }, "nobody"},
		{"a stranger's signature under the listed id", func(f *fixture) {
			f.resignWith(key(f.t, 2), SignatureContext)
		}, "does not verify"},
		{"ML-DSA half stripped", func(f *fixture) { f.envelope(func(e *envelope) { clear(e.signatures[0].sig[:3309]) }) }, "does not verify"},
		{"Ed25519 half stripped", func(f *fixture) { f.envelope(func(e *envelope) { clear(e.signatures[0].sig[3309:]) }) }, "does not verify"},
		{"one half sent", func(f *fixture) { f.envelope(func(e *envelope) { e.signatures[0].sig = e.signatures[0].sig[:3309] }) }, "length"},
		{"signature for another context", func(f *fixture) { f.resignWith(key(f.t, 1), "bulkhead/sign/v1/acme/inspect/report") }, "does not verify"},
		{"signature without context", func(f *fixture) { f.resignWith(key(f.t, 1), "") }, "does not verify"},
		{"signature over the payload alone", func(f *fixture) {
			f.envelope(func(e *envelope) {
				sig, err := key(f.t, 1).Sign(e.payload, SignatureContext)
				do(f.t, err)
				e.signatures[0].sig = sig
			})
		}, "does not verify"},
		{"duplicate signature", func(f *fixture) {
			f.envelope(func(e *envelope) { e.signatures = append(e.signatures, e.signatures[0]) })
		}, "two signatures"},
		{"second valid signature of one key", func(f *fixture) {
			f.publishers[0].Keys = append(f.publishers[0].Keys, key(f.t, 2).Public())
			f.publishers[0].Threshold = 2
			f.envelope(func(e *envelope) {
				first := e.signatures[0]
				do(f.t, e.sign(key(f.t, 1)))
				e.signatures = append(e.signatures, first)
			})
		}, "two signatures"},
		{"good signature beside a failing listed one", func(f *fixture) {
			f.publishers[0].Keys = append(f.publishers[0].Keys, key(f.t, 2).Public())
			f.envelope(func(e *envelope) {
				e.signatures = append(e.signatures, signature{key(f.t, 2).Public().ID(), e.signatures[0].sig})
			})
		}, "does not verify"},
		{"failing signature of another publisher's key", func(f *fixture) {
			f.publishers = append(f.publishers, other(f.t, 2))
			f.envelope(func(e *envelope) {
				e.signatures = append(e.signatures, signature{key(f.t, 2).Public().ID(), e.signatures[0].sig})
			})
		}, "does not verify"},
		{"threshold not met", func(f *fixture) {
			f.publishers[0].Keys = append(f.publishers[0].Keys, key(f.t, 2).Public())
			f.publishers[0].Threshold = 2
		}, "1 of the 2"},
		{"threshold met with another publisher's key", func(f *fixture) {
			f.publishers[0].Keys = append(f.publishers[0].Keys, key(f.t, 2).Public())
			f.publishers[0].Threshold = 2
			f.publishers = append(f.publishers, other(f.t, 3))
			do(f.t, Sign(f.dir, key(f.t, 3)))
		}, "1 of the 2"},
		{"signed by another publisher alone", func(f *fixture) {
			f.publishers[0].Keys[0] = key(f.t, 2).Public()
			f.publishers = append(f.publishers, other(f.t, 1))
		}, "0 of the 1"},
		{"name not the publisher's", func(f *fixture) { f.publishers[0].MaySign = []string{"acme/other", "acme-2/*", "inspect/*"} }, "no publisher may sign"},
		{"role not the publisher's", func(f *fixture) { f.publishers[0].Roles = []abi.Role{abi.RoleModel} }, "may not sign plugins of role"},
		{"name matches two publishers", func(f *fixture) {
			p := other(f.t, 2)
			p.MaySign = []string{"acme/inspect"}
			f.publishers = append(f.publishers, p)
		}, "overlap"},
		{"no threshold", func(f *fixture) { f.publishers[0].Threshold = 0 }, "threshold"},
		{"threshold above the keys", func(f *fixture) { f.publishers[0].Threshold = 2 }, "threshold"},
		{"one key twice for a threshold of two", func(f *fixture) {
			f.publishers[0].Keys = append(f.publishers[0].Keys, key(f.t, 1).Public())
			f.publishers[0].Threshold = 2
		}, "no key twice"},

		// What was wanted.
		{"nothing wanted", func(f *fixture) { f.want = Want{} }, "the manifest wants"},
		{"another name", func(f *fixture) { f.want.Is = "acme/inspec" }, "the manifest wants"},
		{"another version", func(f *fixture) { f.want.Is = "acme/inspect@1.2.4" }, "the manifest wants"},
		{"an empty version", func(f *fixture) { f.want.Is = "acme/inspect@" }, "the manifest wants"},
		{"another role", func(f *fixture) { f.want.Role = abi.RoleAuth }, "the manifest wants"},
		{"no role", func(f *fixture) { f.want.Role = "" }, "the manifest wants"},
		{"another digest", func(f *fixture) { f.want.Digest = "sha256:" + strings.Repeat("0", 64) }, "pin its digest"},
		{"a digest of no kind", func(f *fixture) { f.want.Digest = strings.Repeat("0", 64) }, "pin its digest"},

		// A statement that its publisher signed.
		{"statement type", func(f *fixture) { f.resign(StatementType, "https://in-toto.io/Statement/v0.1") }, "statement of type"},
		{"predicate type", func(f *fixture) { f.resign(PredicateType, "urn:bulkhead:plugin:v2") }, "statement of type"},
		{"unknown member of the descriptor", func(f *fixture) { f.resign(`"wasi"`, `"x":1,"wasi"`) }, "unknown"},
		{"capability in upper case", func(f *fixture) { f.resign(`"log"`, `"LOG"`) }, "no capability"},
		{"subject in a parent folder", func(f *fixture) {
			f.resign(`["labels.json"]`, `["../labels.json"]`)
		}, "file name"},
		{"subject twice, so that a file has none", func(f *fixture) {
			f.resign(hexDigest(f.read("labels.json")), hexDigest(f.read(WasmFile)))
			f.resign(`{"name":"labels.json"`, `{"name":"plugin.wasm"`)
		}, "twice"},
		{"subject that nothing uses", func(f *fixture) { f.resign(`"assets":["labels.json"],`, ``) }, "subjects"},
		{"another digest algorithm", func(f *fixture) { f.resign(`{"sha256":`, `{"sha512":`) }, "unknown"},
		{"self-test with arguments the schema refuses", func(f *fixture) {
			u, err := Inspect(f.dir)
			do(f.t, err)
			f.signed(u.Descriptor, map[string][]byte{WasmFile: u.Wasm, "labels.json": nil, "testdata/seven.json": []byte(`{"image":7}`), "testdata/seven.out.json": []byte(`{}`)})
		}, "want string"},
		{"more than 64 MiB in all", func(f *fixture) {
			d := Descriptor{Name: "acme/inspect", Version: "1.0.0", ABI: 1, Role: abi.RoleTool, SecurityEpoch: 1,
				Tools: []Tool{{Name: "t", Description: "d", InputSchema: []byte(`{"type":"object"}`)}}}
			files := map[string][]byte{WasmFile: []byte(tinyWasm)}
			zeros := make([]byte, 13<<20)
			for i := range 5 {
				d.Assets = append(d.Assets, fmt.Sprint("asset", i))
				files[d.Assets[i]] = zeros
			}
			f.signed(d, files)
		}, "more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			c.spoil(f)
			b, err := f.open()
			if b != nil {
				t.Error("a bundle was returned")
			}
			wantRefused(t, err, c.want)
		})
	}
}

// edit replaces text in the envelope's JSON.
func (f *fixture) edit(old, new string) {
	f.t.Helper()
	text := string(f.read(envelopeFile))
	if !strings.Contains(text, old) {
		f.t.Fatalf("%q is not in the envelope", old)
	}
	f.write(envelopeFile, strings.Replace(text, old, new, 1))
}

// resignWith puts a signature of k in a context under the id of the listed key.
func (f *fixture) resignWith(k *keys.Private, context string) {
	f.t.Helper()
	f.envelope(func(e *envelope) {
		sig, err := k.Sign(preAuthEncoding(PayloadType, e.payload), context)
		do(f.t, err)
		e.signatures[0].sig = sig
	})
}

func TestOpenIgnoresUnlistedSignatures(t *testing.T) {
	f := newFixture(t)
	do(t, Sign(f.dir, key(t, 9)))
	f.envelope(func(e *envelope) {
		bad := signature{hexDigest(nil), make([]byte, keys.SignatureSize)}
		e.signatures = append([]signature{bad, bad}, e.signatures...)
	})
	b, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(b.Signers, []string{key(t, 1).Public().ID()}) {
		t.Errorf("signers %v", b.Signers)
	}
}

func TestOpenThreshold(t *testing.T) {
	f := newFixture(t)
	f.publishers[0].Keys = []*keys.Public{key(t, 1).Public(), key(t, 2).Public(), key(t, 3).Public()}
	f.publishers[0].Threshold = 2
	do(t, Sign(f.dir, key(t, 3)))
	if b, err := f.open(); err != nil || len(b.Signers) != 2 {
		t.Errorf("%v", err)
	}
}

// Every bit of every file of a bundle, the envelope included. Of the signature's bits, whose every byte host/keys flips
// in memory, each must at least change what is verified, and one in 16 goes all the way.
func TestOpenRefusesEveryFlippedBit(t *testing.T) {
	f := &fixture{t: t, dir: build(t, authSource()), want: Want{Is: "acme/auth", Role: abi.RoleAuth}}
	f.publishers = []Publisher{{Name: "acme", Keys: []*keys.Public{key(t, 1).Public()}, Threshold: 1, MaySign: []string{"acme/*"}, Roles: abi.Roles()}}
	do(t, Sign(f.dir, key(t, 1)))
	if _, err := f.open(); err != nil {
		t.Fatal(err)
	}
	original := f.read(envelopeFile)
	good, err := parseEnvelope(original)
	do(t, err)
	sigAt := bytes.Index(original, []byte(`"sig"`))
	for _, name := range []string{WasmFile, envelopeFile} {
		data := f.read(name)
		file, err := os.OpenFile(f.path(name), os.O_WRONLY, 0)
		do(t, err)
		for i := range data {
			for bit := range 8 {
				data[i] ^= 1 << bit
				if name == envelopeFile && i > sigAt && (i*8+bit)%16 != 0 {
					if e, err := parseEnvelope(data); err == nil && bytes.Equal(e.signatures[0].sig, good.signatures[0].sig) {
						t.Errorf("bit %d of byte %d changes nothing that is verified", bit, i)
					}
				} else {
					_, err := file.WriteAt(data[i:i+1], int64(i))
					do(t, err)
					if _, err := f.open(); err == nil {
						t.Errorf("%s: bit %d of byte %d: accepted", name, bit, i)
					}
				}
				data[i] ^= 1 << bit
			}
			_, err := file.WriteAt(data[i:i+1], int64(i))
			do(t, err)
		}
		do(t, file.Close())
	}
	if _, err := f.open(); err != nil {
		t.Errorf("after the loop: %v", err)
	}
}

func TestInspect(t *testing.T) {
	dir := build(t, toolSource())
	u, err := Inspect(dir)
	if err != nil {
		t.Fatal(err)
	}
	if u.Signed || u.KeyIDs != nil {
		t.Errorf("unsigned bundle: signed %v by %v", u.Signed, u.KeyIDs)
	}
	do(t, Sign(dir, key(t, 1)))
	s, err := Inspect(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Signed || len(s.KeyIDs) != 1 || s.Digest != u.Digest {
		t.Errorf("signed bundle: %v by %v, digest %s, was %s", s.Signed, s.KeyIDs, s.Digest, u.Digest)
	}
	do(t, os.WriteFile(filepath.Join(dir, WasmFile), []byte("x"), 0o600))
	_, err = Inspect(dir)
	wantRefused(t, err, "digest differs")
}

func TestPublisherCheck(t *testing.T) {
	good := func() Publisher {
		return Publisher{Name: "acme", Keys: []*keys.Public{key(t, 1).Public()}, Threshold: 1, MaySign: []string{"acme/*", "acme/x", "b-2/y-z"}, Roles: abi.Roles()}
	}
	if p := good(); p.Check() != nil {
		t.Errorf("%v", p.Check())
	}
	for _, c := range []struct {
		name   string
		change func(p *Publisher)
	}{
		{"no keys", func(p *Publisher) { p.Keys = nil }},
		{"nil key", func(p *Publisher) { p.Keys[0] = nil }},
		{"no patterns", func(p *Publisher) { p.MaySign = nil }},
		{"all names", func(p *Publisher) { p.MaySign = []string{"*"} }},
		{"all publishers", func(p *Publisher) { p.MaySign = []string{"*/*"} }},
		{"part of a name", func(p *Publisher) { p.MaySign = []string{"acme/in*"} }},
		{"no plugin", func(p *Publisher) { p.MaySign = []string{"acme"} }},
		{"empty publisher", func(p *Publisher) { p.MaySign = []string{"/*"} }},
		{"upper case", func(p *Publisher) { p.MaySign = []string{"Acme/*"} }},
		{"negative threshold", func(p *Publisher) { p.Threshold = -1 }},
		{"no roles", func(p *Publisher) { p.Roles = nil }},
		{"unknown role", func(p *Publisher) { p.Roles = []abi.Role{"monitor"} }},
	} {
		p := good()
		if c.change(&p); p.Check() == nil {
			t.Errorf("%s: accepted", c.name)
		}
	}
}
