// Package capability answers what plugins ask of the host: attest, sign, audit, infer, log, and progress.
//
// A binding is made for one plugin at load and knows nothing of any other: its keys, its models, its quotas. Nothing that
// a guest says chooses a plugin, a principal, a call or a target; those come from the binding and from the call's context.
//
// Invariants: what was not granted is denied, at Bind and again at every use; the output of sign and attest reaches the
// guest only after the entry about it is durable; no lock is held while another guest or the log is at work; every
// quota is charged before any work.
package capability

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync/atomic"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// Config says what one plugin may use. The zero value of every field gives nothing.
type Config struct {
	Alias    string // the manifest's name of the plugin
	Name     string // its signed name, publisher/name
	Digest   string // its digest, SHA-256 in hex
	Backend  string // what runs it, as entries say it: backend/isolation
	Role     abi.Role
	Grants   abi.Grants
	Audit    gate.Log     // required with audit, sign and attest
	Log      *slog.Logger // required with log and infer
	Keys     []Key        // by sign slot; required with sign, refused without
	Models   []Model      // by infer slot; required with infer, refused without
	Attester Attester     // required with attest
	Quotas   Quotas       // zero fields: DefaultQuotas
}

// A Binding is the host that one plugin sees, a runtimes.Host and runtimes.Inferrer, with what that plugin may use.
type Binding struct {
	Config
	limits   limiters
	overruns [abi.Infer + 1]overrun
	chooser  gate.Chooser // of Audit; nil: it wants what every log wants
	dropped  atomic.Int64 // lines since the last one written
}

// Bind refuses what the role may not have, what is granted and missing, and keys or models that are not granted. The
// binding must be closed.
func Bind(c Config) (*Binding, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("binding capabilities of plugin %s: %w", c.Alias, err)
	}
	b := &Binding{Config: c, limits: newLimiters(c.Quotas)}
	b.chooser, _ = c.Audit.(gate.Chooser)
	for of := range b.overruns {
		b.overruns[of].write = func(s spell) error { return b.exceeded(abi.Capability(of), s) }
	}
	return b, nil
}

// Close writes what is still to be said about quotas. The plugin must have come to rest, and the log be open.
func (b *Binding) Close() {
	for i := range b.overruns {
		b.overruns[i].close()
	}
}

// Capability implements runtimes.Host.
func (b *Binding) Capability(ctx context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error) {
	if !b.Grants.Has(c) {
		return dst, abi.ErrDenied
	}
	running := gate.RunningFrom(ctx)
	switch c {
	case abi.Log:
		running.UseGrant(c)
		b.log(ctx, abi.Level(slot), in)
		return dst, nil
	case abi.Progress:
		return dst, b.progress(ctx, in)
	}
	switch {
	case running == nil: // during Load there is nobody to act for
		return dst, abi.ErrUnavailable
	case ctx.Err() != nil:
		return dst, abi.ErrDeadline
	}
	running.UseGrant(c)
	switch c {
	case abi.Audit:
		return dst, b.audit(ctx, running, in)
	case abi.Sign:
		return b.sign(ctx, running, slot, dst, in)
	case abi.Attest:
		return b.attest(ctx, running, dst, in)
	case abi.Infer:
		return b.infer(ctx, running, slot, dst, in)
	}
	return dst, abi.ErrDenied
}

// record makes an entry about a capability's use durable.
func (b *Binding) record(ctx context.Context, e gate.Entry) error {
	if _, err := b.Audit.Append(ctx, e); err != nil {
		if ctx.Err() != nil {
			return abi.ErrDeadline
		}
		return fmt.Errorf("%w: %w", abi.ErrUnavailable, err)
	}
	return nil
}

// entry is what all entries about a use have in common.
func (b *Binding) entry(r *gate.Running, c abi.Capability, event gate.Event) gate.Entry {
	return gate.Entry{
		Actor: r.Principal, Action: c.String(), Outcome: gate.Success, TraceID: r.Trace, Parent: r.Parent, Kind: gate.KindCapability,
		Event: event, Call: r.Call, Plugins: []gate.PluginRef{b.ref()},
	}
}

func (b *Binding) ref() gate.PluginRef {
	return gate.PluginRef{Alias: b.Alias, Digest: b.Digest, Backend: b.Backend}
}

// slotName is what descriptors may call a slot, and signedName a plugin.
const (
	slotName   = `^[a-z0-9_.-]{1,64}$`
	signedName = `^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$`
	hexDigest  = `^[0-9a-f]{64}$`
)

func (c *Config) check() error {
	switch {
	case c.Alias == "":
		return errors.New("no alias")
	case !matches(signedName, c.Name):
		return fmt.Errorf("the name %q is not of the form publisher/name", c.Name)
	case !matches(hexDigest, c.Digest):
		return errors.New("the digest is not SHA-256 in hex")
	case !c.Role.Valid():
		return fmt.Errorf("unknown role %q", c.Role)
	case c.Grants&^c.Role.Allowed() != 0:
		return fmt.Errorf("role %s may not have %s", c.Role, c.Grants&^c.Role.Allowed())
	}
	return errors.Join(c.checkParts(), c.checkKeys(), c.checkModels(), c.Quotas.check())
}

func (c *Config) checkParts() error {
	switch {
	case c.Audit == nil && c.Grants&abi.GrantsOf(abi.Audit, abi.Sign, abi.Attest) != 0:
		return errors.New("audit, sign and attest need a log of entries")
	case c.Log == nil && c.Grants&abi.GrantsOf(abi.Log, abi.Infer) != 0:
		return errors.New("log and infer need a logger")
	case c.Attester == nil && c.Grants.Has(abi.Attest):
		return errors.New("attest needs an attester")
	case (len(c.Keys) > 0) != c.Grants.Has(abi.Sign):
		return errors.New("sign and keys go together")
	case (len(c.Models) > 0) != c.Grants.Has(abi.Infer):
		return errors.New("infer and models go together")
	case len(c.Keys) > abi.MaxSlots || len(c.Models) > abi.MaxSlots:
		return fmt.Errorf("more than %d slots", abi.MaxSlots)
	}
	return nil
}

func matches(pattern, s string) bool {
	ok, err := regexp.MatchString(pattern, s)
	return err == nil && ok
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
