package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"bulkhead/host/manifest"
	"bulkhead/host/safefile"
	"bulkhead/runtimes/worker"
)

// readWorkers reads the programs of workers that the manifest names, once: those bytes are hashed, kept and started.
func (s *system) readWorkers() error {
	s.workers = map[string]*worker.Executable{}
	var errs []error
	for _, w := range s.Workers {
		e, err := s.readWorker(w)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.workers[w.Backend] = e
	}
	return errors.Join(errs...)
}

func (s *system) readWorker(w manifest.Worker) (*worker.Executable, error) {
	path := s.Join(w.Path)
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, usage(fmt.Errorf("reading the worker: %w", err))
	}
	defer root.Close()
	program, _, err := safefile.Read(root, filepath.Base(path), worker.MaxProgram)
	if err != nil {
		return nil, usage(fmt.Errorf("reading the worker %s: %s", path, safefile.Reason(err)))
	}
	e, err := worker.Seal(program)
	if err != nil {
		return nil, refused(err, "sysctl vm.memfd_noexec=1 allows it to those who ask")
	}
	if got := "sha256:" + e.Digest(); got != w.Digest {
		return nil, errors.Join(refused(fmt.Errorf("the worker %s has digest %s, and [backend.%s] wants %s", path, got, w.Backend, w.Digest),
			"if you built or updated it yourself, write its digest into the manifest; otherwise find out who changed it"), e.Close())
	}
	return e, nil
}

// close frees what readSystem opened, after everything that was loaded from it.
func (s *system) close() error {
	var errs []error
	for _, e := range s.workers {
		errs = append(errs, e.Close())
	}
	return errors.Join(errs...)
}
