package main

import (
	"context"
	"errors"
	"time"

	"bulkhead/host/gate"
)

// begin raises the floor, and records what begins.
func (h *running) begin(ctx context.Context) error {
	past, err := readHistory(h.log.Latest)
	if err != nil {
		return err
	}
	if err := h.sys.makeRoot(h.dir, false); err != nil {
		h.logger.Warn("there is no root key: the floor is not authenticated, and every start compiles every plugin", "error", err)
	}
	if err := h.sys.raiseFloor(ctx, h.dir, h.selected, past, false); err != nil {
		return errors.Join(err, h.sys.recordRefusal(ctx, h.selected, err))
	}
	for _, o := range h.sys.configured().since(past, h.sys.Device.Name) {
		to := h.selected
		if o.event == gate.AuditOff { // nothing else passes any more
			to = h.log
		}
		if err := h.sys.note(ctx, to, o.event, o.resource, o.reason, o.detail); err != nil {
			return err
		}
	}
	if err := h.record(ctx, gate.HostStart, past.ended()); err != nil {
		return err
	}
	h.began, h.said = true, h.clocks.careful()
	return h.sys.recordKeys(ctx, h.selected)
}

// load loads every plugin, and records each.
func (h *running) load(ctx context.Context, progress func(*plugin, time.Duration)) error {
	attester, err := newAttester(h.sys, h.log.Head)
	if err != nil {
		return err
	}
	h.loader = newLoader(h.sys, h.selected, h.logger, attester)
	h.loader.progress = progress
	if err := h.loader.openCache(h.dir.Join(cacheFolder), false); err != nil {
		return err
	}
	if err := h.loader.load(ctx); err != nil {
		return errors.Join(err, h.sys.recordRefusal(context.WithoutCancel(ctx), h.selected, err))
	}
	for _, p := range h.sys.plugins {
		if err := h.sys.recordLoad(ctx, h.selected, p); err != nil {
			return err
		}
	}
	return nil
}

// record writes what the host itself does, with everything that it runs.
func (h *running) record(ctx context.Context, event gate.Event, reason string) error {
	e := h.sys.hostEntry(event, h.sys.Device.Name, reason)
	for _, p := range h.sys.plugins {
		e.Plugins = append(e.Plugins, p.ref())
	}
	for _, w := range h.sys.Workers {
		e.Workers = append(e.Workers, gate.WorkerRef{Backend: w.Backend, Digest: h.sys.workers[w.Backend].Digest()})
	}
	_, err := h.selected.Append(ctx, e)
	return err
}
