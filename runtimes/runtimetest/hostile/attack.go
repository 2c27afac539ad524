// Package hostile is a corpus of modules that attack their host, and the harness that shows what becomes of each: every
// backend must end it as the corpus says, in time, in bounded memory, and without anybody else noticing.
//
// Most attacks are text in runtimes/runtimetest/testdata/hostile, one to a file, with the expectation in its header. What
// cannot be written as text, or only by repetition, is generated here.
package hostile

import (
	"errors"
	"strings"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// An Attack is a module and what must become of it.
type Attack struct {
	Name string
	What string // one line
	Wasm []byte

	Limits runtimes.Limits
	Grants abi.Grants
	WASI   bool
	Blocks bool // infer does not answer before its context is done

	Load    Outcome // OK, Refused or Either
	Invalid bool    // refused by package wasm or an engine's own check, whatever is granted
	Calls   []Call  // in this order, on one module
	Large   bool    // a compile bomb within the limits: too slow for a short run
}

// A Call is one request and what it must lead to.
type Call struct {
	Request []byte
	Outcome Outcome
	Answer  []byte // nil: any
}

// An Outcome is how loading or a call ended.
type Outcome string

// The outcomes. A limit is told from the words of the error, and is Limit alone where they are others.
const (
	OK          Outcome = "ok"
	Refused     Outcome = "refused"
	Trap        Outcome = "trap"
	BadOutput   Outcome = "bad-output"
	ErrorAnswer Outcome = "error-answer"
	Limit       Outcome = "limit"
	LimitTime   Outcome = "limit-time"
	LimitFuel   Outcome = "limit-fuel"
	LimitStack  Outcome = "limit-stack"
	LimitInput  Outcome = "limit-input"
	LimitOutput Outcome = "limit-output"
	Died        Outcome = "died"
	Either      Outcome = "either" // of Load: ok or refused
	Failed      Outcome = "failed" // in no way that a guest may cause
)

// Outcomes returns all that a header may name.
func Outcomes() []Outcome {
	return []Outcome{OK, Refused, Trap, BadOutput, ErrorAnswer, LimitTime, LimitFuel, LimitStack, LimitInput, LimitOutput}
}

// Exit is the exit code that a command owes its user for the outcome.
func (o Outcome) Exit() int {
	switch o {
	case OK:
		return 0
	case Refused:
		return 3
	case Trap, BadOutput, ErrorAnswer, Died:
		return 5
	case Limit, LimitTime, LimitFuel, LimitStack, LimitInput, LimitOutput:
		return 6
	}
	return 1
}

// OutcomeOf tells the outcome from an error of Load or Call.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return OK
	}
	if _, ok := errors.AsType[*runtimes.LoadError](err); ok {
		return Refused
	}
	if _, ok := errors.AsType[*runtimes.GuestError](err); ok {
		return ErrorAnswer
	}
	switch {
	case errors.Is(err, runtimes.ErrTrap):
		return Trap
	case errors.Is(err, runtimes.ErrBadOutput):
		return BadOutput
	case errors.Is(err, runtimes.ErrLimit):
		return limitOf(err.Error())
	case errors.Is(err, runtimes.ErrDied):
		return Died
	}
	return Failed
}

func limitOf(text string) Outcome {
	for _, l := range []struct {
		words   string
		outcome Outcome
	}{
		{"call stack", LimitStack}, {"fuel", LimitFuel}, {"time", LimitTime}, {"of input", LimitInput}, {"an answer of", LimitOutput},
	} {
		if strings.Contains(text, l.words) {
			return l.outcome
		}
	}
	return Limit
}

// defaults are what a header need not say: time rules, and there is fuel for all of it. One instance, so that memory is
// what the limit says.
func defaults(name string) *Attack {
	return &Attack{
		Name: name, Load: OK,
		Limits: runtimes.Limits{Memory: 16 << 20, Timeout: 300 * time.Millisecond, Fuel: runtimes.MaxFuel, Instances: 1},
	}
}
