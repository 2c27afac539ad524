package capability

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// A Signer signs with one key. It is safe for concurrent use.
type Signer interface {
	// Sign signs message in context, at most 255 bytes.
	Sign(message []byte, context string) ([]byte, error)
}

// A Key is what a sign slot is connected to. No two slots, of this plugin or any other, share one.
type Key struct {
	Slot   string // as the descriptor calls it
	ID     string // the key's id: SHA-256 of the public key in hex
	Signer Signer
}

const maxContext = 255

// SignContext is the context in which a plugin's signatures verify, and no others do: the plugin's signed name and the
// slot are in it, so that no plugin can say anything in another's place.
func SignContext(name, slot string) string { return "bulkhead/sign/v1/" + name + "/" + slot }

func (c *Config) checkKeys() error {
	slots, ids := map[string]bool{}, map[string]bool{}
	for i, k := range c.Keys {
		switch {
		case k.Signer == nil || !matches(hexDigest, k.ID):
			return fmt.Errorf("sign slot %d has no key", i)
		case !matches(slotName, k.Slot):
			return fmt.Errorf("sign slot %d has the bad name %q", i, k.Slot)
		case slots[k.Slot]:
			return fmt.Errorf("two sign slots are called %q", k.Slot)
		case ids[k.ID]:
			return fmt.Errorf("sign slot %q has the key of another slot", k.Slot)
		case len(SignContext(c.Name, k.Slot)) > maxContext:
			return fmt.Errorf("the context of sign slot %q has more than %d bytes", k.Slot, maxContext)
		}
		slots[k.Slot], ids[k.ID] = true, true
	}
	return nil
}

type signDetail struct {
	Context string `json:"context"`
	KeyID   string `json:"key_id"`
	Message string `json:"message"` // SHA-256 in hex
}

func (b *Binding) sign(ctx context.Context, r *gate.Running, slot uint32, dst, in []byte) ([]byte, error) {
	if err := b.spend(abi.Sign, 1); err != nil {
		return dst, err
	}
	switch {
	case uint64(slot) >= uint64(len(b.Keys)):
		return dst, abi.ErrNotFound
	case len(in) > abi.MaxSignInput:
		return dst, abi.ErrLimit
	}
	key := b.Keys[slot]
	message := bytes.Clone(in) // what is recorded and what is signed are the same bytes, whatever happens to the guest's
	use := signDetail{SignContext(b.Name, key.Slot), key.ID, digest(message)}
	signature, err := key.Signer.Sign(message, use.Context)
	if err == nil && len(signature) == 0 {
		err = errors.New("the key made no signature")
	}
	e := b.entry(r, abi.Sign, gate.KeyUse)
	e.Resource = key.Slot
	return b.deliver(ctx, e, use, dst, signature, err)
}

// deliver records the use of a secret and only then hands its output to the guest. A use that failed is recorded too.
func (b *Binding) deliver(ctx context.Context, e gate.Entry, detail any, dst, out []byte, failure error) ([]byte, error) {
	if failure != nil {
		e.Outcome, e.Reason = gate.Failure, gate.Escape(shorten(failure.Error(), abi.MaxReason))
	}
	var err error
	if e.Detail, err = json.Marshal(detail); err != nil {
		return dst, fmt.Errorf("encoding the use: %w", err)
	}
	if err := b.record(ctx, e); err != nil {
		return dst, err
	}
	if failure != nil {
		return dst, fmt.Errorf("%w: %w", abi.ErrInternal, failure)
	}
	return append(dst, out...), nil
}
