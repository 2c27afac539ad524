package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"bulkhead/host/strictjson"
	"bulkhead/runtimes/wasm"
)

// SourceFile is the author's descriptor in a plugin's source folder. The host never reads it to run a plugin.
const SourceFile = "plugin.toml"

// Build makes an unsigned bundle at dst from the plugin in src, and returns what it made. The same source and Go
// release give the same bytes, wherever src lies. dst may hold an older bundle, which is replaced; anything else there is
// left alone and an error. What Build makes appears at dst whole or not at all. Mistakes in plugin.toml and the files
// it names are one *Invalid.
func Build(ctx context.Context, src, dst string) (*Unverified, error) {
	if err := checkTarget(dst); err != nil {
		return nil, err
	}
	files, s, err := collect(src)
	if err != nil {
		return nil, err
	}
	dst = filepath.Clean(dst)
	temp, err := os.MkdirTemp(filepath.Dir(dst), ".bulkhead-build-*")
	if err != nil {
		return nil, fmt.Errorf("building %s: %w", src, err)
	}
	defer os.RemoveAll(temp)
	if s.wasm == "" {
		if files[WasmFile], err = compileGo(ctx, src, temp); err != nil {
			return nil, err
		}
	}
	made := filepath.Join(temp, "bundle")
	if err := writeBundle(made, s.descriptor, files); err != nil {
		return nil, fmt.Errorf("writing the bundle of %s: %w", src, err)
	}
	u, err := Inspect(made)
	if err != nil {
		return nil, invalid(src, err)
	}
	return u, replace(made, dst, filepath.Join(temp, "old"))
}

func checkTarget(dst string) error {
	info, err := os.Lstat(dst)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("building: %w", err)
	}
	if info.IsDir() {
		for _, name := range []string{envelopeFile, statementFile} {
			if _, err := os.Lstat(filepath.Join(dst, name)); err == nil {
				return nil
			}
		}
	}
	return fmt.Errorf("building: %s exists and is no bundle\nhint: name a new folder, or remove that one", dst)
}

// replace moves made to dst, and what was there to old.
func replace(made, dst, old string) error {
	err := os.Rename(dst, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replacing the old bundle: %w", err)
	}
	if failed := os.Rename(made, dst); failed != nil {
		if err == nil { // the old one is better than none
			failed = errors.Join(failed, os.Rename(old, dst))
		}
		return fmt.Errorf("placing the bundle: %w", failed)
	}
	return nil
}

// collect reads plugin.toml and all the files that it names, and returns every problem at once.
func collect(src string) (map[string][]byte, *source, error) {
	in := &inputs{files: map[string][]byte{}}
	f, err := openFolder(src)
	if err != nil {
		return nil, nil, fmt.Errorf("building %s: %w", src, err)
	}
	defer f.Close()
	in.folder = f
	text, err := f.read(SourceFile, MaxEnvelope)
	if err != nil {
		return nil, nil, &Invalid{Path: filepath.Join(src, SourceFile), Problems: []string{err.Error()}}
	}
	s, problems := parseSource(string(text))
	if s == nil {
		return nil, nil, &Invalid{Path: filepath.Join(src, SourceFile), Problems: problems}
	}
	in.problems = problems
	for i := range s.schemas {
		t := &s.descriptor.Tools[i]
		t.InputSchema = in.schema(t.Name, s.schemas[i].input)
		t.OutputSchema = in.schema(t.Name, s.schemas[i].output)
	}
	in.problem(s.descriptor.Validate())
	in.bundleFiles(s)
	in.prebuilt(s)
	if in.problems != nil {
		return nil, nil, &Invalid{Path: filepath.Join(src, SourceFile), Problems: in.problems}
	}
	return in.files, s, nil
}

// inputs gathers files and problems.
type inputs struct {
	folder   *folder
	files    map[string][]byte
	problems []string
}

func (in *inputs) problem(err error) {
	if err == nil {
		return
	}
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, e := range list {
		in.problems = append(in.problems, e.Error())
	}
}

// schema reads a schema without its insignificant white space; its strings and numbers stay as they are written.
func (in *inputs) schema(tool, name string) []byte {
	if name == "" {
		return nil
	}
	data, err := in.folder.read(name, MaxSchema)
	if err == nil {
		err = strictjson.CheckDepth(data, MaxSchemaDepth)
	}
	if err != nil {
		in.problem(fmt.Errorf("tool %.80q: %s: %w", tool, name, err))
		return []byte(`{"type":"object"}`) // so that the same mistake is not told twice
	}
	v := jsontext.Value(data)
	in.problem(v.Compact(jsontext.PreserveRawStrings(true)))
	return v
}

func (in *inputs) bundleFiles(s *source) {
	left := int64(MaxBundle)
	for _, name := range s.descriptor.Files() {
		from, limit := name, left
		switch name {
		case WasmFile:
			from, limit = s.wasm, MaxWasm
		case RelaxedFile:
			from, limit = s.relaxed, MaxWasm
		}
		if from == "" {
			continue
		}
		data, err := in.folder.read(from, limit)
		in.problem(err)
		in.files[name] = data
		left -= int64(len(data))
	}
}

// prebuilt tells an author early what every host would say of modules that were compiled elsewhere: that one is none, is over
// a limit, or uses what ABI v1 has not, relaxed SIMD outside of its own module included.
func (in *inputs) prebuilt(s *source) {
	if s.wasm == "" || in.problems != nil {
		return
	}
	if _, err := wasm.Read(in.files[WasmFile]); err != nil {
		in.problem(fmt.Errorf("wasm = %q: %w", s.wasm, err))
	}
	if s.relaxed == "" {
		return
	}
	if _, err := (wasm.Features{RelaxedSIMD: true}).Read(in.files[RelaxedFile]); err != nil {
		in.problem(fmt.Errorf("wasm_relaxed = %q: %w", s.relaxed, err))
	}
}

// writeBundle writes the files and the unsigned statement about them.
func writeBundle(dir string, d Descriptor, files map[string][]byte) error {
	text, err := newStatement(d, files).encode()
	if err != nil {
		return fmt.Errorf("encoding the statement: %w", err)
	}
	for name, content := range files {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), content); err != nil {
			return err
		}
	}
	return writeFile(filepath.Join(dir, statementFile), text)
}

func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

// invalid tells an author what Open would tell an operator.
func invalid(src string, err error) error {
	var r *Refused
	if !errors.As(err, &r) {
		return err
	}
	return &Invalid{Path: filepath.Join(src, SourceFile), Problems: strings.Split(r.Reason, "\n")}
}
