package keys

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"bulkhead/host/safefile"
	"bulkhead/host/strictjson"
)

// RootName is the key id of a device's root key: its file is RootName + PrivateSuffix in the key folder.
const RootName = "root"

// RootSize is the size of a root key and of what is derived from it, in bytes.
const RootSize = 32

const (
	typeRoot  = "bulkhead/root-key/v1"
	infoKeyID = "bulkhead/root-keyid/v1" // the id is derived too: it tells nothing of the others
)

// A Root is a device's secret, from which the keys are derived that serve the host alone and nobody verifies elsewhere:
// they authenticate its own files. It signs nothing, and never leaves the process. It is safe for concurrent use.
type Root struct{ secret [RootSize]byte }

// Derive returns the key for one use, named by info: HKDF-SHA-256 (RFC 5869) without salt.
func (r *Root) Derive(info string) (key [RootSize]byte, err error) {
	derived, err := hkdf.Key(sha256.New, r.secret[:], nil, info, RootSize)
	if err != nil {
		return key, fmt.Errorf("deriving the key %s: %w", info, err)
	}
	copy(key[:], derived)
	return key, nil
}

// String keeps the secret from every format verb.
func (r Root) String() string { return "root key" }

// GoString is String.
func (r Root) GoString() string { return r.String() }

// rootFile is a root key on disk. The id shows damage.
type rootFile struct {
	Type   string `json:"type"`
	KeyID  string `json:"keyid"`
	Secret string `json:"secret"`
}

// ReadRoot reads a root key, under the rules of ReadPrivate. Errors are *FileError; that of a missing file is
// fs.ErrNotExist too.
func ReadRoot(path string) (*Root, error) {
	data, private, err := readChecked(path)
	if err != nil {
		return nil, err
	}
	if !private {
		return nil, &FileError{Path: path, Reason: "a root key that others may read", Hint: "remove it if anybody may have read it, else chmod 600 " + path}
	}
	r, err := decodeRoot(data)
	if err != nil {
		return nil, &FileError{Path: path, Reason: err.Error(), Hint: "the host makes a new one where there is none"}
	}
	return r, nil
}

// CreateRoot makes a root key of the operating system's randomness, mode 0600, unless there is one, which it reads. The
// folder must exist and is checked as ReadPrivate does. When CreateRoot returns nil the key is durable.
func CreateRoot(path string) (*Root, error) {
	folder, err := openFolder(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	unlock, err := lock(folder)
	if err != nil {
		return nil, &FileError{Path: path, Reason: safefile.Reason(err)}
	}
	defer unlock()
	if _, err := folder.Lstat(filepath.Base(path)); !errors.Is(err, fs.ErrNotExist) {
		return ReadRoot(path)
	}
	r := &Root{[RootSize]byte(newSeed(RootSize))}
	data, err := r.encode()
	if err == nil {
		err = safefile.Replace(folder, filepath.Base(path), data)
	}
	if err != nil {
		return nil, &FileError{Path: path, Reason: "making it: " + safefile.Reason(err)}
	}
	return r, nil
}

func (r *Root) encode() ([]byte, error) {
	id, err := r.Derive(infoKeyID)
	if err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(rootFile{typeRoot, hex.EncodeToString(id[:]), base64.StdEncoding.EncodeToString(r.secret[:])}, "", "  ")
	return append(data, '\n'), err
}

func decodeRoot(data []byte) (*Root, error) {
	var f rootFile
	if err := strictjson.Decode(data, &f); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	if f.Type != typeRoot {
		return nil, fmt.Errorf("type is %.64q, want %q", f.Type, typeRoot)
	}
	secret, err := decodeBase64(f.Secret)
	if err != nil || len(secret) != RootSize {
		return nil, fmt.Errorf("secret is not the standard base64 of %d bytes", RootSize)
	}
	r := &Root{[RootSize]byte(secret)}
	id, err := r.Derive(infoKeyID)
	if err != nil {
		return nil, err
	}
	if hex.EncodeToString(id[:]) != f.KeyID {
		return nil, errors.New("keyid does not belong to the key: the file is damaged or was edited")
	}
	return r, nil
}

// lockPatience is how long CreateRoot waits for another host that makes the key of the same folder: the second of two
// would replace a key under which the first has sealed files already.
const lockPatience = 2 * time.Second

func lock(folder *os.Root) (unlock func(), err error) {
	f, err := folder.Open(".")
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(lockPatience); ; time.Sleep(lockPatience / 100) {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end) {
			f.Close()
			return nil, fmt.Errorf("locking its folder: %w", err)
		}
	}
}
