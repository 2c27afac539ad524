package keys

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/mldsa"
)

func createAudit(t *testing.T) (folder string, k *AuditKey, p *AuditPublic) {
	t.Helper()
	folder, info := create(t, "audit", Audit)
	k, err := ReadAudit(filepath.Join(folder, "audit.key"))
	do(t, err)
	p, err = ReadAuditPublic(filepath.Join(folder, "audit.pub"))
	do(t, err)
	if k.KeyID != info.KeyID || p.KeyID != info.KeyID || !k.Development || k.Name != "audit" || len(info.Raw) != AuditPublicSize {
		t.Fatalf("made %+v, read %+v and %+v", info, k.Info, p.Info)
	}
	return folder, k, p
}

// Both files hold the same three pairs, and each pair signs.
func TestAuditKey(t *testing.T) {
	folder, k, p := createAudit(t)
	file, err := k.Public().File()
	do(t, err)
	if string(file) != contents(t, filepath.Join(folder, "audit.pub")) {
		t.Error("the private key gives another public file")
	}
	own := k.Public()
	if !bytes.Equal(own.Public.Bytes(), p.Public.Bytes()) || !own.Ed25519.Equal(p.Ed25519) || !own.MLDSA44.Equal(p.MLDSA44) || own.KeyID != p.KeyID {
		t.Error("the public file holds other keys than the private one")
	}
	message := []byte("m")
	sig, err := k.Private.Sign(message, "c")
	do(t, err)
	do(t, p.Public.Verify(message, "c", sig))
	if !ed25519.Verify(p.Ed25519, message, ed25519.Sign(k.Ed25519, message)) {
		t.Error("the Ed25519 pair is none")
	}
	sig, err = k.MLDSA44.Sign(nil, message, nil)
	do(t, err)
	do(t, mldsa.Verify(p.MLDSA44, message, sig, nil))
}

// The three pairs have nothing to do with each other: no seed is another's, nor a part of it.
func TestAuditKeysAreIndependent(t *testing.T) {
	_, k, _ := createAudit(t)
	seen := map[string]bool{}
	for _, seed := range [][]byte{k.Private.mldsa.Bytes(), k.Private.ed25519.Seed(), k.Ed25519.Seed(), k.MLDSA44.Bytes()} {
		if len(seed) != 32 || seen[string(seed)] {
			t.Errorf("a seed of %d bytes, or one that serves twice", len(seed))
		}
		seen[string(seed)] = true
	}
}

func TestAuditKeyPrintsNothing(t *testing.T) {
	_, k, _ := createAudit(t)
	var all []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		all = append(all, fmt.Sprintf(verb, k), fmt.Sprintf(verb, *k))
	}
	encoded, err := json.Marshal(map[string]any{"key": k, "copy": *k})
	do(t, err)
	for _, text := range append(all, string(encoded)) {
		for _, seed := range [][]byte{k.Private.ed25519.Seed(), k.Ed25519.Seed(), k.MLDSA44.Bytes()} {
			if strings.Contains(text, hex.EncodeToString(seed[:4])) || strings.Contains(text, base64.StdEncoding.EncodeToString(seed)[:8]) || len(text) > 400 {
				t.Errorf("printed %q", text)
			}
		}
	}
}

func TestReadAuditRefuses(t *testing.T) {
	folder, k, _ := createAudit(t)
	private, public := filepath.Join(folder, "audit.key"), filepath.Join(folder, "audit.pub")
	goodPrivate, goodPublic := contents(t, private), contents(t, public)
	encode := base64.StdEncoding.EncodeToString
	inner := encode(k.Private.ed25519.Seed())
	for _, c := range []struct{ name, file, old, new, want string }{
		{"second seed missing", private, `"seed_ed25519"`, `"seed_ed25519": "", "x"`, "unknown"},
		{"second seed empty", private, encode(k.Ed25519.Seed()), "", "holds the seeds"},
		{"third seed short", private, encode(k.MLDSA44.Bytes()), "AAAA", "32"},
		{"line break in the third", private, `"seed_mldsa44": "`, `"seed_mldsa44": "\n`, "base64"},
		{"public key in the private file", private, `"seed_mldsa44"`, `"public_mldsa44": "AAAA", "seed_mldsa44"`, "holds the seeds"},
		{"the composite's Ed25519 seed again", private, encode(k.Ed25519.Seed()), inner, "share a component"},
		{"another third seed", private, encode(k.MLDSA44.Bytes()), encode(make([]byte, 32)), "keyid"},
		{"third public key missing", public, encode(k.MLDSA44.PublicKey().Bytes()), "", "holds the seeds"},
		{"another second public key", public, encode(k.Ed25519[32:]), encode(make([]byte, 32)), "keyid"},
		{"seed in the public file", public, `"public_mldsa44"`, `"seed_mldsa44": "AAAA", "public_mldsa44"`, "holds the seeds"},
		{"algorithm of one pair", public, AlgorithmAudit, Algorithm, "algorithm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, private, goodPrivate)
			write(t, public, goodPublic)
			if !strings.Contains(contents(t, c.file), c.old) {
				t.Fatalf("%q is not in the file", c.old)
			}
			write(t, c.file, strings.Replace(contents(t, c.file), c.old, c.new, 1))
			k, err := ReadAudit(private)
			if c.file == public {
				_, err = ReadAuditPublic(public)
			} else if k != nil {
				t.Error("returned a key")
			}
			if !isFileError(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	write(t, private, goodPrivate)
	chmod(t, private, 0o640)
	if _, err := ReadAudit(private); !isFileError(err) {
		t.Errorf("read a key that the group may read: %v", err)
	}
	if _, err := ReadAudit(public); !isFileError(err) {
		t.Errorf("a public file served as private: %v", err)
	}
	if _, err := ReadAudit(filepath.Join(folder, "none.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// Keys of one pair and of three are never taken for each other.
func TestAuditKeyIsOfItsOwnKind(t *testing.T) {
	folder, _, _ := createAudit(t)
	if _, err := ReadPrivate(filepath.Join(folder, "audit.key"), Audit); !isFileError(err) || !strings.Contains(err.Error(), "no composite key") {
		t.Errorf("read as a composite key: %v", err)
	}
	if _, err := ReadPublic(filepath.Join(folder, "audit.pub"), Audit); !isFileError(err) || !strings.Contains(err.Error(), "no composite key") {
		t.Errorf("read as a composite public key: %v", err)
	}
	other, _ := create(t, "k", Evidence)
	if _, err := ReadAudit(filepath.Join(other, "k.key")); !isFileError(err) {
		t.Errorf("an evidence key served as audit key: %v", err)
	}
}

func contents(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	do(t, err)
	return string(data)
}
