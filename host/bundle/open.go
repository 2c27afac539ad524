// Package bundle builds, signs and opens plugins: a folder with a module, assets and a DSSE envelope over an in-toto
// statement that covers every byte of them.
//
// Invariants: every file is read once, and the bytes whose digest was compared are the bytes that are returned; nothing
// unsigned is parsed by Open beyond the envelope; a *Bundle comes from Open alone, so whoever holds one holds verified
// bytes; whatever is not understood is refused.
package bundle

import (
	"fmt"
	"slices"
	"strings"

	"bulkhead/abi"
	"bulkhead/host/keys"
)

// Contents is what is in a bundle.
type Contents struct {
	Descriptor Descriptor
	Digest     string // SHA-256 of the statement, which covers every file and the descriptor; lower-case hex
	Wasm       []byte
	Relaxed    []byte        // the same plugin with relaxed SIMD; nil without relaxed_simd
	Assets     [][]byte      // by read slot
	Schemas    []ToolSchemas // by position in Descriptor.Tools
	SelfTests  []SelfTest    // by position in Descriptor.SelfTests
}

// ToolSchemas are the compiled schemas of one tool.
type ToolSchemas struct {
	Input  *Schema
	Output *Schema // nil: the tool declares none
}

// A Bundle is a plugin that one publisher signed and that the operator wants.
type Bundle struct {
	Contents
	Publisher string   // name of the publisher
	Signers   []string // ids of its keys that signed
}

// Want is what the operator's manifest expects. The zero value wants nothing and refuses everything.
type Want struct {
	Is     string   // name, or name@version
	Digest string   // "sha256:" and lower-case hex; "" pins nothing
	Role   abi.Role // must be the descriptor's
}

// Open reads the bundle in dir, verifies it and returns it if one publisher may sign it, enough of its keys did, and it
// is what was wanted. Errors are *Refused.
func Open(dir string, publishers []Publisher, want Want) (*Bundle, error) {
	b, err := open(dir, publishers, want)
	if err != nil {
		return nil, refuse(dir, err)
	}
	return b, nil
}

func open(dir string, publishers []Publisher, want Want) (*Bundle, error) {
	listed, err := listedKeys(publishers)
	if err != nil {
		return nil, err
	}
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e, err := f.envelope()
	if err != nil {
		return nil, err
	}
	signers, err := e.verify(listed)
	if err != nil {
		return nil, err
	}
	if len(signers) == 0 {
		return nil, hinted("nobody whom a publisher lists signed it", "add the signer's public key to [publisher.NAME] keys, or sign with a listed key")
	}
	s, err := parseStatement(e.payload)
	if err != nil {
		return nil, err
	}
	p, counted, err := authorize(publishers, &s.Predicate, signers)
	if err != nil {
		return nil, err
	}
	digest := hexDigest(e.payload)
	if err := want.check(&s.Predicate, digest); err != nil {
		return nil, err
	}
	files, err := f.readAll(s, envelopeFile)
	if err != nil {
		return nil, err
	}
	c, err := s.contents(digest, files)
	if err != nil {
		return nil, err
	}
	return &Bundle{Contents: *c, Publisher: p.Name, Signers: counted}, nil
}

func listedKeys(publishers []Publisher) (map[string]*keys.Public, error) {
	listed := map[string]*keys.Public{}
	for _, p := range publishers {
		if err := p.Check(); err != nil {
			return nil, fmt.Errorf("publisher %s: %w", p.Name, err)
		}
		for id, k := range p.byID() {
			listed[id] = k
		}
	}
	return listed, nil
}

func (w Want) check(d *Descriptor, digest string) error {
	name, version, pinned := strings.Cut(w.Is, "@")
	if name != d.Name || pinned && version != d.Version {
		return hinted(fmt.Sprintf("it is %s@%s, the manifest wants %q", d.Name, d.Version, w.Is), "compare `is` in the manifest with the bundle")
	}
	if w.Role == "" || w.Role != d.Role {
		return hinted(fmt.Sprintf("its role is %s, the manifest wants %q", d.Role, w.Role), "compare `role` in the manifest with the bundle")
	}
	if w.Digest != "" && w.Digest != "sha256:"+digest {
		return hinted(fmt.Sprintf("its digest is sha256:%s, the manifest wants %q", digest, w.Digest), "if you trust the new bundle, pin its digest")
	}
	return nil
}

func (f *folder) envelope() (*envelope, error) {
	data, err := f.read(envelopeFile, MaxEnvelope)
	if err != nil {
		if f.has(statementFile) {
			return nil, hinted("it is not signed", "sign it with `host plugin sign`")
		}
		return nil, err
	}
	return parseEnvelope(data)
}

// readAll reads every file of the statement and compares its digest; the folder must hold these, the file called
// statement, and nothing else.
func (f *folder) readAll(s *statement, statement string) (map[string][]byte, error) {
	names, err := f.list()
	if err != nil {
		return nil, err
	}
	if err := sameFiles(names, append(s.Predicate.Files(), statement)); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	left := int64(MaxBundle)
	for _, sub := range s.Subject {
		limit := left
		if sub.Name == WasmFile || sub.Name == RelaxedFile {
			limit = min(limit, MaxWasm)
		}
		data, err := f.read(sub.Name, limit)
		if err != nil {
			return nil, err
		}
		if hexDigest(data) != sub.Digest.SHA256 {
			return nil, fmt.Errorf("%s is not the file that was signed: its digest differs", sub.Name)
		}
		files[sub.Name] = data
		left -= int64(len(data))
	}
	return files, nil
}

func sameFiles(got, want []string) error {
	for _, name := range got {
		if !slices.Contains(want, name) {
			return fmt.Errorf("%q is there, but the statement does not speak of it", name)
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			return fmt.Errorf("%q is missing", name)
		}
	}
	return nil
}

// contents compiles what the files hold.
func (s *statement) contents(digest string, files map[string][]byte) (*Contents, error) {
	c := &Contents{Descriptor: s.Predicate, Digest: digest, Wasm: files[WasmFile], Relaxed: files[RelaxedFile]}
	if err := c.checkVariants(); err != nil {
		return nil, err
	}
	for _, name := range s.Predicate.Assets {
		c.Assets = append(c.Assets, files[name])
	}
	for _, t := range s.Predicate.Tools {
		schemas, err := t.compile()
		if err != nil {
			return nil, err
		}
		c.Schemas = append(c.Schemas, schemas)
	}
	for i, spec := range s.Predicate.SelfTests {
		t, err := newSelfTest(c, spec, files)
		if err != nil {
			return nil, fmt.Errorf("selftest %d: %w", i+1, err)
		}
		c.SelfTests = append(c.SelfTests, t)
	}
	return c, nil
}

func (t *Tool) compile() (ToolSchemas, error) {
	in, err := CompileSchema(t.InputSchema)
	if err != nil {
		return ToolSchemas{}, fmt.Errorf("tool %s: input_schema: %w", t.Name, err)
	}
	if t.OutputSchema == nil {
		return ToolSchemas{Input: in}, nil
	}
	out, err := CompileSchema(t.OutputSchema)
	if err != nil {
		return ToolSchemas{}, fmt.Errorf("tool %s: output_schema: %w", t.Name, err)
	}
	return ToolSchemas{in, out}, nil
}
