package sdk

import (
	"encoding/json"
	"fmt"

	"bulkhead/abi"
)

// Audit puts v into the host's log as an entry of its own. v must encode as a JSON object of at most
// abi.MaxAuditObject bytes. It needs the capability audit. When Audit returns nil the entry is durable.
func Audit(v any) error {
	object, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding audit object: %w", err)
	}
	if n := hostAudit(object); n < 0 {
		return abi.Errno(n)
	}
	return nil
}
