package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/keys"
)

// logKey says with which key a log is checked.
type logKey struct {
	file   string // of the public key; "": the copy in the log's folder
	origin string // the log's name; "": what its checkpoint says
}

func (k *logKey) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.file, "key", "", "the device's public audit key; the copy in the log's folder if not given")
	cmd.Flags().StringVar(&k.origin, "origin", "", "the name of the log; what its checkpoint says if not given")
}

// own reports whether the key comes from the log's own folder.
func (k *logKey) own() bool { return k.file == "" }

// verifier returns what checks the log in a folder; nil if the folder has no key and none was given. checkpoint is one of
// the log's that came from elsewhere, or nil.
func (k *logKey) verifier(folder string, saved []byte) (*checkpoint.Verifier, error) {
	if err := audit.Exists(folder); err != nil {
		return nil, err
	}
	file := k.file
	if k.own() {
		file = filepath.Join(folder, audit.PublicName)
		if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	key, err := keys.ReadAuditPublic(file)
	if err != nil {
		return nil, err
	}
	origin, err := k.name(folder, saved)
	if err != nil {
		return nil, err
	}
	v, err := checkpoint.NewVerifier(origin, key)
	if err != nil {
		return nil, usage(err)
	}
	return v, nil
}

// name is the log's origin. Whoever it is read from, nothing under another name has the key's signature.
func (k *logKey) name(folder string, saved []byte) (string, error) {
	if k.origin != "" {
		return k.origin, nil
	}
	text := saved
	if text == nil {
		var err error
		if text, err = readBounded(filepath.Join(folder, audit.CheckpointName), checkpoint.MaxNote); err != nil {
			return "", hinted(fmt.Errorf("finding the log's name: %w", err), "say with --origin which log this is")
		}
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if err := checkpoint.CheckOrigin(string(line)); err != nil {
		return "", refused(err, "say with --origin which log this is")
	}
	return string(line), nil
}
