package wazero

import (
	"bytes"
	"io"
	"reflect"
	"unsafe"

	"github.com/tetratelabs/wazero"
)

// A codeFile stands where wazero keeps compiled code in files: it has the code of one module in memory, where the host
// has checked it. wazero's key is a hash of module, version and processor; the first bytes of saved are the key.
type codeFile struct {
	saved []byte
	used  bool // saved was asked for and given
}

type fileKey = [32]byte

// Get implements wazero's internal filecache.Cache.
func (f *codeFile) Get(key fileKey) (io.ReadCloser, bool, error) {
	if !bytes.HasPrefix(f.saved, key[:]) {
		return nil, false, nil
	}
	f.used = true
	return io.NopCloser(bytes.NewReader(f.saved[len(key):])), true, nil
}

// Add implements filecache.Cache.
func (f *codeFile) Add(key fileKey, code io.Reader) error {
	b := bytes.NewBuffer(key[:])
	_, err := b.ReadFrom(code)
	f.saved = b.Bytes()
	return err
}

// Delete implements filecache.Cache.
func (f *codeFile) Delete(fileKey) error {
	f.saved = nil
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
