package main

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bulkhead/host/attest"
	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/keys"
	"bulkhead/host/state"
)

// auditKeyName is the key id of the key that signs the log.
const auditKeyName = "audit"

// logFolder is where the log lies.
func (s *system) logFolder() string { return filepath.Join(s.Join(s.State), audit.FolderName) }

// hasLog reports whether this host has written a log.
func (s *system) hasLog() bool {
	_, err := os.Lstat(filepath.Join(s.logFolder(), audit.CheckpointName))
	return err == nil
}

// auditKeyPath is where the private key that signs the log lies.
func (s *system) auditKeyPath() string { return s.Join(s.Device.KeyFile(auditKeyName)) }

// openLog opens the log under the device's audit key. Where there is neither key nor log it makes the key: a log that
// exists has one already, and another would only hide that it is gone.
func (s *system) openLog(dir *state.Dir) (*audit.Log, error) {
	if s.audit == nil {
		if s.hasLog() {
			return nil, refused(fmt.Errorf("there is a log, but the key that signs it is gone: %s", s.auditKeyPath()), "bring the key back; a log under a new key begins in a new state folder")
		}
		if _, err := keys.Create(filepath.Dir(s.auditKeyPath()), auditKeyName, keys.Audit, s.development); err != nil {
			return nil, err
		}
		if err := s.readAudit(); err != nil {
			return nil, err
		}
		s.auditMade = true
	}
	signer, err := s.signer()
	if err != nil {
		return nil, err
	}
	public, err := os.ReadFile(strings.TrimSuffix(s.auditKeyPath(), keys.PrivateSuffix) + keys.PublicSuffix)
	if err != nil {
		return nil, usage(err)
	}
	log, err := audit.Open(audit.Config{Dir: filepath.Join(dir.Path(), audit.FolderName), Signer: signer, Public: public, Development: s.development})
	if err != nil {
		var problem *audit.Problem
		if errors.As(err, &problem) {
			err = refused(err, "'host audit verify' says more; keep the folder as evidence")
		}
		return nil, err
	}
	return log, nil
}

// signer signs the log's checkpoints under its origin.
func (s *system) signer() (*checkpoint.Signer, error) {
	return checkpoint.NewSigner(checkpoint.Origin(s.Device.Name, s.audit.Public()), s.audit)
}

// readAudit reads the key that signs the log. A device may have none yet.
func (s *system) readAudit() error {
	k, err := keys.ReadAudit(s.auditKeyPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s.audit = k
	return err
}

// logOf is a log as evidence names it.
func logOf(h checkpoint.Head) attest.Log {
	return attest.Log{Origin: h.Origin, Size: h.Size, Root: hex.EncodeToString(h.Root[:])}
}

// rootText is a root hash as checkpoints write it.
func rootText(h checkpoint.Head) string { return base64.StdEncoding.EncodeToString(h.Root[:]) }
