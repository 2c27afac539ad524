package main

import (
	"fmt"
	"os"
	"time"

	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

const actionStatus = gate.AdminPrefix + "status"

// A hostStatus is what `host status --json` prints: how a running host is.
type hostStatus struct {
	Version     string         `json:"version"`
	PID         int            `json:"pid"`
	Uptime      int64          `json:"uptime_seconds"`
	Manifest    string         `json:"manifest"`
	Serial      int64          `json:"serial"`
	Development bool           `json:"development"`
	Listener    string         `json:"listener"` // "" before it listens
	Ready       bool           `json:"ready"`
	Reason      string         `json:"reason,omitempty"` // why it is not
	Log         logStatus      `json:"log"`
	Plugins     []pluginStatus `json:"plugins"`
}

type logStatus struct {
	Size      uint64   `json:"size"`   // entries, pruned ones too
	Root      string   `json:"root"`   // base64 root hash of the tree
	Origin    string   `json:"origin"` // that its checkpoints begin with
	Level     string   `json:"level"`  // "off": nothing is recorded
	Except    []string `json:"except,omitempty"`
	Retention string   `json:"retention"`
	Oldest    *oldest  `json:"oldest,omitempty"`    // the first entry that was not pruned
	Published string   `json:"published,omitempty"` // RFC 3339: when the checkpoint was that outsiders see
	Accepts   bool     `json:"accepts"`
}

type oldest struct {
	Index uint64 `json:"index"`
	Time  string `json:"time"` // RFC 3339
}

type pluginStatus struct {
	Alias       string `json:"alias"`
	Name        string `json:"name"`
	Version     string `json:"version"`
	Digest      string `json:"digest"`
	Module      string `json:"module"`
	Role        string `json:"role"`
	Backend     string `json:"backend"`
	Isolation   string `json:"isolation"`
	Ready       bool   `json:"ready"`
	Instances   int    `json:"instances"`
	Idle        int    `json:"idle"`
	Calls       uint64 `json:"calls"`
	Replaced    uint64 `json:"replaced"`
	Deaths      uint64 `json:"deaths"`
	Dropped     uint64 `json:"dropped"`
	Panics      uint64 `json:"panics"`
	Quarantined string `json:"quarantined_until,omitempty"` // RFC 3339
	Reason      string `json:"reason,omitempty"`            // of the last death or quarantine, escaped
}

// status looks at everything now.
func (h *running) status() hostStatus {
	s := hostStatus{
		Version: version, PID: os.Getpid(), Uptime: int64(time.Since(h.started).Seconds()), Manifest: h.sys.Path, Serial: h.sys.Serial,
		Development: h.sys.development, Ready: true, Log: h.logStatus(),
	}
	if l := h.listener.Load(); l != nil {
		s.Listener = *l
	}
	if err := h.ready(); err != nil {
		s.Ready, s.Reason = false, gate.Escape(err.Error())
	}
	for _, p := range h.sys.plugins {
		s.Plugins = append(s.Plugins, h.loader.pluginStatus(p, time.Now()))
	}
	return s
}

func (h *running) logStatus() logStatus {
	head, settings := h.log.Head(), settingsOf(h.sys.Audit)
	s := logStatus{
		Size: head.Size, Root: rootText(head), Origin: head.Origin, Level: settings.Level, Except: settings.Except, Retention: settings.Retention,
		Accepts: h.log.Err() == nil,
	}
	if index, at, err := h.log.Oldest(); err == nil { // an empty log has none
		s.Oldest = &oldest{index, at.UTC().Format(time.RFC3339)}
	}
	if at, ok := h.log.Published(); ok {
		s.Published = at.UTC().Format(time.RFC3339)
	}
	return s
}

func (l *loader) pluginStatus(p *plugin, now time.Time) pluginStatus {
	d, m := p.bundle.Descriptor, l.moduleStatus(p.Alias)
	s := pluginStatus{
		Alias: p.Alias, Name: d.Name, Version: d.Version, Digest: p.bundle.Digest, Module: p.module.File, Role: string(d.Role), Backend: p.Backend,
		Isolation: string(p.Isolation), Ready: !now.Before(m.Quarantined), Instances: m.Instances, Idle: m.Idle, Calls: m.Calls,
		Replaced: m.Replaced, Deaths: m.Deaths, Dropped: m.Dropped, Panics: m.Panics, Reason: gate.Escape(m.Reason),
	}
	if !s.Ready {
		s.Quarantined = m.Quarantined.UTC().Format(time.RFC3339)
	}
	return s
}

// moduleStatus is the module's own word, the zero value of one that has none.
func (l *loader) moduleStatus(alias string) runtimes.Status {
	if r, ok := l.modules[alias].(runtimes.Reporter); ok {
		return r.Status()
	}
	return runtimes.Status{}
}

// ready says why the host cannot serve at the moment: it cannot record, or a plugin that every call needs is in
// quarantine.
func (h *running) ready() error {
	if err := h.log.Err(); err != nil {
		return err
	}
	return h.loader.pipelineReady(time.Now())
}

func (l *loader) pipelineReady(now time.Time) error {
	pipeline := l.system.Pipeline
	for _, alias := range append([]string{pipeline.Auth}, pipeline.Policy...) {
		if s := l.moduleStatus(alias); now.Before(s.Quarantined) {
			return fmt.Errorf("plugin %s of the pipeline is in quarantine until %s: %s", alias, s.Quarantined.UTC().Format(time.RFC3339), s.Reason)
		}
	}
	return nil
}
