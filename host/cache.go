package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"bulkhead/host/cache"
	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

// cacheFolder is the folder of compiled code in the state directory.
const cacheFolder = "cache"

// openCache gives the loader a store of compiled code. Without one every start compiles: that is slower and nothing else,
// so whatever is wrong with the folder is said and no reason not to start.
func (l *loader) openCache(dir string, readOnly bool) error {
	if l.system.root == nil {
		return nil
	}
	key, err := l.system.root.Derive(cache.KeyInfo)
	if err != nil {
		return err
	}
	l.cache, err = cache.Open(cache.Config{Dir: dir, Key: key, ReadOnly: readOnly, Report: l.heardOfCache})
	if err != nil && !(readOnly && errors.Is(err, fs.ErrNotExist)) {
		l.logger.Warn("there is no code cache: every plugin is compiled", "error", err)
		reason, _, _ := strings.Cut(err.Error(), "\n")
		l.heardOfCache(cache.Event{Rejected: true, Reason: reason})
	}
	return nil
}

// cacheFor is the plugin's part of the store, nil without one.
func (l *loader) cacheFor(p *plugin) runtimes.Cache {
	if l.cache == nil {
		return nil
	}
	return l.cache.For(p.bundle.Digest)
}

// heardOfCache records what was refused: somebody tried to give the host code, or the disk decays. What could not be kept
// only costs time.
func (l *loader) heardOfCache(e cache.Event) {
	e.File, e.Reason = gate.Escape(e.File), gate.Escape(e.Reason)
	if !e.Rejected {
		l.logger.Warn("compiled code was not kept", "plugin", l.system.alias(e.Plugin), "reason", e.Reason, "skipped", e.Skipped)
		return
	}
	entry := l.system.hostEntry(gate.CacheReject, l.system.alias(e.Plugin), rejectedReason(e))
	entry.Outcome = gate.Failure
	if p := l.system.plugin(entry.Resource); p != nil {
		entry.Plugins = []gate.PluginRef{p.ref()}
	}
	if _, err := l.log.Append(context.Background(), entry); err != nil {
		l.logger.Error("a refused file of compiled code could not be recorded", "reason", entry.Reason, "error", err)
	}
}

func rejectedReason(e cache.Event) string {
	reason := e.Reason
	if e.File != "" {
		reason = fmt.Sprintf("%.64s: %s", e.File, e.Reason)
	}
	if e.Skipped > 0 {
		reason += fmt.Sprintf(" (and %d more before)", e.Skipped)
	}
	return reason
}

// alias finds the first plugin with this digest, "" if there is none.
func (s *system) alias(digest string) string {
	for _, p := range s.plugins {
		if p.bundle.Digest == digest {
			return p.Alias
		}
	}
	return ""
}
