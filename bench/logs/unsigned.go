package logs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync/atomic"
	"time"

	"bulkhead/host/gate"
)

// An Unsigned is a log for a gate: it makes an entry's JSON and hash as ours does, and shares flushes as ours does, and
// that is all. It has no chain, no tree, no signature and no proof.
type Unsigned struct {
	To      *Grouped
	entries atomic.Uint64
}

// Append implements gate.Log.
func (l *Unsigned) Append(ctx context.Context, e gate.Entry) (gate.Receipt, error) {
	e.ID, e.Timestamp, e.PreviousHash = "0190b7d0-0000-7000-8000-000000000000", time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"), zeros
	body, err := json.Marshal(e)
	if err != nil {
		return gate.Receipt{}, err
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	err = l.To.Append(ctx, append([]byte(hash+" "), body...))
	return gate.Receipt{Entry: e.ID, Index: l.entries.Add(1) - 1, Hash: hash}, err
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"
