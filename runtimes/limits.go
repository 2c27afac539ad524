package runtimes

import (
	"fmt"
	"math"
	"time"

	"bulkhead/abi"
)

// Limits of one plugin. The zero value is refused: a limit that is not declared is a mistake.
type Limits struct {
	Memory    uint64        // linear memory of one instance in bytes, 1 to 4 GiB; rounded down to whole 64 KiB pages, at least one
	Answer    uint64        // bytes of one answer, at most abi.MaxAnswer; 0 means abi.MaxAnswer
	Timeout   time.Duration // of one call, from 1 ms to MaxTimeout
	Fuel      uint64        // of one call, from 1 to MaxFuel units
	Instances int           // calls at work at once, at most MaxInstances; 0 means DefaultInstances
}

// Bounds of Limits.
const (
	MaxTimeout       = 10 * time.Minute
	MaxFuel          = 1 << 50
	MaxInstances     = 64
	DefaultInstances = 2
	// StartFactor times Timeout and Fuel is what loading may use: compiling, _initialize, configure and input together, in
	// time at least MinStart.
	StartFactor = 10
	MinStart    = 30 * time.Second
	// Grace is how long after its deadline a call may still be at work.
	Grace = 100 * time.Millisecond
)

// StartTime is what loading may take.
func (l Limits) StartTime() time.Duration { return max(StartFactor*l.Timeout, MinStart) }

// StartFuel is what loading may use.
func (l Limits) StartFuel() uint64 { return StartFactor * l.Fuel }

// check says what is out of bounds, "" if nothing is.
func (l Limits) check() string {
	switch {
	case l.Memory == 0:
		return "no memory limit is set"
	case l.Memory > 1<<32:
		return fmt.Sprintf("a memory limit of %d bytes is above 4 GiB", l.Memory)
	case l.Timeout < time.Millisecond || l.Timeout > MaxTimeout:
		return fmt.Sprintf("a timeout of %v is not between 1ms and %v", l.Timeout, MaxTimeout)
	case l.Fuel == 0 || l.Fuel > MaxFuel:
		return fmt.Sprintf("a fuel limit of %d units is not between 1 and %d", l.Fuel, uint64(MaxFuel))
	case l.Instances < 0 || l.Instances > MaxInstances:
		return fmt.Sprintf("%d instances are not between 0 and %d", l.Instances, MaxInstances)
	case l.Answer > abi.MaxAnswer:
		return fmt.Sprintf("an answer limit of %d bytes is above %d", l.Answer, abi.MaxAnswer)
	}
	return ""
}

// Checked returns p with its defaults filled in; a stateful plugin has one instance. A *LoadError says what the host itself
// got wrong. Every Backend calls it first.
func (p Program) Checked() (Program, error) {
	wrong, cause := p.Limits.check(), error(nil)
	switch {
	case p.Host == nil:
		wrong = "the program has no host"
	case wrong != "":
	case len(p.Assets) > abi.MaxSlots:
		wrong = fmt.Sprintf("%d assets are more than %d", len(p.Assets), abi.MaxSlots)
	case len(p.Config) > abi.MaxRequest:
		wrong, cause = fmt.Sprintf("a configuration of %d bytes is above %d", len(p.Config), abi.MaxRequest), ErrLimit
	}
	for i, a := range p.Assets {
		if wrong == "" && len(a) > math.MaxInt32 {
			wrong = fmt.Sprintf("asset %d has %d bytes, more than 2 GiB", i, len(a))
		}
	}
	if wrong != "" {
		return p, &LoadError{Plugin: p.Name, Reason: wrong, Err: cause}
	}
	if p.Limits.Answer == 0 {
		p.Limits.Answer = abi.MaxAnswer
	}
	switch {
	case p.Stateful:
		p.Limits.Instances = 1
	case p.Limits.Instances == 0:
		p.Limits.Instances = DefaultInstances
	}
	return p, nil
}
