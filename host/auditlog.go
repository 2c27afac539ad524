package main

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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

// auditKeyPath is where the private key that signs the log lies.
func (s *system) auditKeyPath() string { return s.Join(s.Device.KeyFile(auditKeyName)) }

// mayMakeAuditKey says why the device must not make a new audit key, if it must not: a log's folder is made under a key, and
// another one would only hide that it is gone.
func (s *system) mayMakeAuditKey() error {
	if _, err := os.Lstat(s.logFolder()); !errors.Is(err, fs.ErrNotExist) {
		return refused(fmt.Errorf("there is a log in %s, but the key that signs it is gone: %s", s.logFolder(), s.auditKeyPath()), "bring the key back; a log under a new key begins in a new state folder")
	}
	return nil
}

// makeAuditKey makes the audit key where there is neither key nor log.
func (s *system) makeAuditKey() error {
	if s.audit != nil {
		return nil
	}
	if err := s.mayMakeAuditKey(); err != nil {
		return err
	}
	development := s.evidence.Development
	for _, k := range s.signers {
		development = development || k.Development
	}
	if _, err := keys.Create(filepath.Dir(s.auditKeyPath()), auditKeyName, keys.Audit, development); err != nil {
		return hinted(fmt.Errorf("making the key that signs the log: %w", err), "the key folder must take a new file, or hold a key already: bin/host key new audit --purpose audit")
	}
	s.auditMade = true
	return s.readAudit()
}

// openLog opens the log under the device's audit key.
func (s *system) openLog(dir *state.Dir) (*audit.Log, error) {
	if err := s.makeAuditKey(); err != nil {
		return nil, err
	}
	if err := s.checkLog(); err != nil {
		return nil, err
	}
	signer, err := s.signer()
	if err != nil {
		return nil, err
	}
	public, err := s.audit.Public().File()
	if err != nil {
		return nil, err
	}
	log, err := audit.Open(audit.Config{
		Dir: filepath.Join(dir.Path(), audit.FolderName), Signer: signer, Public: public, Development: s.development,
		SegmentSize: int64(s.Audit.Segment), SignEach: s.Audit.SignEach,
	})
	if err != nil {
		var problem *audit.Problem
		if errors.As(err, &problem) {
			err = refused(err, "'host audit verify' says more; keep the folder as evidence")
		}
		return nil, err
	}
	return log, nil
}

// checkLog looks whether the log, if there is one, is the audit key's and has the name that the next entries would be signed
// under, and writes nothing.
func (s *system) checkLog() error {
	if s.audit == nil {
		return s.mayMakeAuditKey()
	}
	signer, err := s.signer()
	if err != nil {
		return err
	}
	published, err := reader(s.logFolder()).Read(audit.CheckpointName, checkpoint.MaxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // audit.Open looks at the rest
	}
	if err == nil {
		_, err = signer.Verifier().Open(published)
	}
	if err == nil {
		return nil
	}
	name := checkpoint.Claimed(published)
	if v, bad := checkpoint.NewVerifier(name, s.audit.Public()); bad == nil {
		if _, bad = v.Open(published); bad == nil {
			return refused(fmt.Errorf("the log is called %s, and this device would go on as %s", name, signer.Origin()), fmt.Sprintf("a log keeps its name: [audit] origin = %q", name))
		}
	}
	return refused(fmt.Errorf("the log is not one of this device's audit key: %w", err), "bring back the key that signed it, or give this manifest another state")
}

// signer signs the log's checkpoints under its origin.
func (s *system) signer() (*checkpoint.Signer, error) {
	return checkpoint.NewSigner(s.origin(), s.audit)
}

// origin is what the log's checkpoints begin with.
func (s *system) origin() string {
	if s.Audit.Origin != "" {
		return s.Audit.Origin
	}
	return checkpoint.Origin(s.Device.Name, s.audit.Public())
}

// readAudit reads the key that signs the log. A device may have none yet.
func (s *system) readAudit() error {
	k, err := keys.ReadAudit(s.auditKeyPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if s.audit = k; err == nil {
		s.keyIDs[auditKeyName] = k.KeyID
	}
	return err
}

// logOf is a log as evidence names it.
func logOf(h checkpoint.Head) attest.Log {
	return attest.Log{Origin: h.Origin, Size: h.Size, Root: hex.EncodeToString(h.Root[:])}
}

// rootText is a root hash as checkpoints write it.
func rootText(h checkpoint.Head) string { return base64.StdEncoding.EncodeToString(h.Root[:]) }
