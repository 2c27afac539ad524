package keys

import (
	"fmt"
)

// A FileError says what is wrong with a key file or its folder. It is a mistake of configuration, exit code 2.
type FileError struct {
	Path   string
	Reason string
	Hint   string

	cause error // may be nil
}

// Unwrap returns what the system said, if it said anything.
func (e *FileError) Unwrap() error { return e.cause }

// Error has a second line with the hint, if there is one.
func (e *FileError) Error() string {
	text := fmt.Sprintf("key file %s: %s", e.Path, e.Reason)
	if e.Hint != "" {
		text += "\nhint: " + e.Hint
	}
	return text
}

// ReadPrivate reads the private file of a composite key made for want. The file must be regular, no link, closed to
// group and others, and, like its folder, owned by root or by this process and writable by nobody else. Errors are
// *FileError.
func ReadPrivate(path string, want Purpose) (*Key, error) {
	m, err := read(path, want, typePrivate)
	if err != nil {
		return nil, err
	}
	if m.private == nil {
		return nil, &FileError{Path: path, Reason: fmt.Sprintf("a %s key is no composite key", m.Purpose)}
	}
	return &Key{Info: m.Info, Private: m.private}, nil
}

// ReadPublic reads the public file of a composite key made for want. The file and its folder must be owned and writable
// as those of ReadPrivate, but anybody may read them. Errors are *FileError.
func ReadPublic(path string, want Purpose) (*PublicKey, error) {
	m, err := read(path, want, typePublic)
	if err != nil {
		return nil, err
	}
	if m.public == nil {
		return nil, &FileError{Path: path, Reason: fmt.Sprintf("a %s key is no composite key", m.Purpose)}
	}
	return &PublicKey{Info: m.Info, Public: m.public}, nil
}

// ReadToken reads the private file of a token key, under the rules of ReadPrivate. Errors are *FileError.
func ReadToken(path string) (*TokenKey, error) {
	m, err := read(path, Token, typePrivate)
	if err != nil {
		return nil, err
	}
	return &TokenKey{Info: m.Info, private: m.token}, nil
}

// Inspect reads either file of a key of any purpose and returns what is public about it. Errors are *FileError.
func Inspect(path string) (Info, error) {
	m, err := read(path, "", "")
	return m.Info, err
}

// read accepts any purpose or kind where want or kind is empty.
func read(path string, want Purpose, kind string) (material, error) {
	data, private, err := readChecked(path)
	if err != nil {
		return material{}, err
	}
	f, err := decode(data)
	if err != nil {
		return material{}, &FileError{Path: path, Reason: err.Error(), Hint: "make a key with `host key new`"}
	}
	if f.Type == typePrivate && !private {
		return material{}, &FileError{Path: path, Reason: "a private key that others may read", Hint: "chmod 600 " + path + ", and make a new key if anybody may have read it"}
	}
	if kind != "" && f.Type != kind {
		return material{}, &FileError{Path: path, Reason: fmt.Sprintf("its type is %q, want %q", f.Type, kind), Hint: "NAME" + PrivateSuffix + " is the private file, NAME" + PublicSuffix + " the public one"}
	}
	if want != "" && f.Purpose != want {
		return material{}, &FileError{Path: path, Reason: fmt.Sprintf("its purpose is %s, want %s", f.Purpose, want), Hint: fmt.Sprintf("one key pair has one purpose; make one with `host key new --purpose %s`", want)}
	}
	m, err := f.material()
	if err != nil {
		return material{}, &FileError{Path: path, Reason: err.Error()}
	}
	return m, nil
}
