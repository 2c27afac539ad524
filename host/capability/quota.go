package capability

import (
	"errors"
	"math"
	"time"

	"golang.org/x/time/rate"

	"bulkhead/abi"
)

// A Quota lets a plugin use a capability so often, over all of its calls and instances: a bucket of Burst tokens that
// PerSecond refills.
type Quota struct {
	PerSecond float64
	Burst     int
}

// Quotas of one plugin. A use costs one token; audit one more for each KiB of the object, so that its quota bounds how
// fast a plugin can fill the disk.
type Quotas struct {
	Log, Audit, Sign, Attest, Infer Quota
}

// DefaultQuotas are high enough not to be met by a plugin that uses each capability a few times a call, and low enough
// that an endless loop harms nobody else: at most about 1 MiB of entries a second, and a third of a core signing. An infer
// takes no more than the time of the call that makes it, and its turn among the callers of the model.
func DefaultQuotas() Quotas {
	return Quotas{
		Log:    Quota{200, 1000},
		Audit:  Quota{1000, 4000},
		Sign:   Quota{1000, 2000},
		Attest: Quota{20, 100},
		Infer:  Quota{20_000, 40_000},
	}
}

// check refuses a quota that can never be used: whoever wants none does not grant.
func (q Quotas) check() error {
	for _, x := range []Quota{q.Log, q.Audit, q.Sign, q.Attest, q.Infer} {
		if x != (Quota{}) && (!(x.PerSecond > 0) || math.IsInf(x.PerSecond, 0) || x.Burst < 1) {
			return errors.New("a quota needs a rate and a burst above zero")
		}
	}
	if q.Audit != (Quota{}) && q.Audit.Burst < auditCost(abi.MaxAuditObject) {
		return errors.New("the quota of audit is smaller than one object")
	}
	return nil
}

func auditCost(size int) int { return 1 + size/1024 }

// limiters are by capability.
type limiters [abi.Infer + 1]*rate.Limiter

func newLimiters(q Quotas) limiters {
	d := DefaultQuotas()
	make := func(q, byDefault Quota) *rate.Limiter {
		if q == (Quota{}) {
			q = byDefault
		}
		return rate.NewLimiter(rate.Limit(q.PerSecond), q.Burst)
	}
	return limiters{
		abi.Log: make(q.Log, d.Log), abi.Audit: make(q.Audit, d.Audit), abi.Sign: make(q.Sign, d.Sign),
		abi.Attest: make(q.Attest, d.Attest), abi.Infer: make(q.Infer, d.Infer),
	}
}

// spend takes n tokens of the capability's quota, or refuses and sees to it that the log says so.
func (b *Binding) spend(c abi.Capability, n int) error {
	if b.limits[c].AllowN(time.Now(), n) {
		return nil
	}
	b.overruns[c].note()
	return abi.ErrLimit
}
