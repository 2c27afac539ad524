// Package source carries the source of the Go SDK, so that a host can write it beside a new plugin and the plugin builds
// and tests without this repository and without a network.
package source

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bulkhead/abi"
	"bulkhead/sdk"
)

// goVersion is that of this repository's go.mod; a test compares them.
const goVersion = "1.26.0"

// WriteTo writes the Go module "bulkhead" to dir: the folders abi (with SPEC.md), sdk and sdk/sdktest, without their
// tests, and a go.mod without requirements. Folders are made as needed; a file that is there already is an error, which
// leaves what was written so far.
func WriteTo(dir string) error {
	if err := write(filepath.Join(dir, "go.mod"), []byte("module bulkhead\n\ngo "+goVersion+"\n")); err != nil {
		return err
	}
	if err := writeAll(filepath.Join(dir, "abi"), abi.Files); err != nil {
		return err
	}
	return writeAll(filepath.Join(dir, "sdk"), sdk.Files)
}

func writeAll(dir string, files fs.FS) error {
	return fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return write(filepath.Join(dir, filepath.FromSlash(name)), data)
	})
}

func write(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("writing the SDK: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("writing the SDK: %w", err)
	}
	if _, err := f.Write(data); err != nil {
		f.Close()
		return fmt.Errorf("writing the SDK: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing the SDK: %w", err)
	}
	return nil
}
