package capability

import (
	"bytes"
	"context"

	"bulkhead/abi"
	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// audit writes a plugin's own words into the log, as the entry's detail and as nothing else: who, when, which call and
// which plugin are the host's to say.
func (b *Binding) audit(ctx context.Context, r *gate.Running, in []byte) error {
	if len(in) > abi.MaxAuditObject {
		return abi.ErrLimit
	}
	if err := b.spend(abi.Audit, auditCost(len(in))); err != nil {
		return err
	}
	object := bytes.Clone(in)
	if strictjson.Check(object) != nil || bytes.TrimLeft(object, " \t\r\n")[0] != '{' {
		return abi.ErrInvalid
	}
	e := b.entry(r, abi.Audit, gate.CapabilityAudit)
	e.Actor, e.Resource, e.Detail = "plugin/"+b.Alias, b.Name, object
	return b.record(ctx, e)
}
