package wazero

import (
	"bytes"
	"io"
	"reflect"
	"unsafe"

	"github.com/tetratelabs/wazero"
)

// A codeFile stands where wazero keeps compiled code in files: it has the code of one module in memory, where the host
// has checked it. What it has is for whatever module wazero asks: the caller sees to it that it is the right one.
type codeFile struct {
	saved []byte
	used  bool // saved was asked for and taken
}

type fileKey = [32]byte

// Get implements wazero's internal filecache.Cache.
func (f *codeFile) Get(fileKey) (io.ReadCloser, bool, error) {
	if f.saved == nil {
		return nil, false, nil
	}
	f.used = true
	return io.NopCloser(bytes.NewReader(f.saved)), true, nil
}

// Add implements filecache.Cache.
func (f *codeFile) Add(_ fileKey, code io.Reader) (err error) {
	f.saved, err = io.ReadAll(code)
	return err
}

// Delete implements filecache.Cache: what was given is of another version.
func (f *codeFile) Delete(fileKey) error {
	f.saved, f.used = nil, false
	return nil
}

// take returns what was added, and lets it go.
func (f *codeFile) take() []byte {
	saved := f.saved
	f.saved = nil
	return saved
}

// cache returns a cache that reads and writes f. wazero only offers one that reads files by their names, unchecked, so f
// is put into a field that is not exported. If the library is not as expected there is no cache: nil.
func (f *codeFile) cache() wazero.CompilationCache {
	c := wazero.NewCompilationCache()
	v := reflect.ValueOf(c)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	field := v.Elem().FieldByName("fileCache")
	if !field.IsValid() || field.Kind() != reflect.Interface || !reflect.TypeOf(f).Implements(field.Type()) {
		return nil
	}
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(f))
	return c
}
