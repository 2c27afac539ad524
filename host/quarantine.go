package main

import (
	"context"
	"encoding/json"
	"time"

	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

// A quarantineDetail is the detail of plugin.quarantine.
type quarantineDetail struct {
	Until  string `json:"until"`
	Deaths uint64 `json:"deaths"` // of the plugin's workers since it was loaded
}

// heardOfQuarantine records that a plugin serves nobody for a while.
func (l *loader) heardOfQuarantine(p *plugin, s runtimes.Status) {
	e := l.system.hostEntry(gate.PluginQuarantine, p.Alias, gate.Escape(beginning(s.Reason, maxRefusal)))
	e.Outcome, e.Plugins = gate.Failure, []gate.PluginRef{p.ref()}
	var err error
	if e.Detail, err = json.Marshal(quarantineDetail{s.Quarantined.UTC().Format(time.RFC3339), s.Deaths}); err == nil {
		_, err = l.log.Append(context.Background(), e)
	}
	if err != nil {
		l.logger.Error("a quarantine could not be recorded", "plugin", p.Alias, "reason", e.Reason, "error", err)
	}
}
