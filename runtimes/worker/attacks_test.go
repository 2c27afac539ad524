package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// An attack is what a worker that its plugin has taken over does instead of answering the call of f. It ends soon when
// stop says so; a process just dies then.
type attack struct {
	do     func(c *child, f frame, stop func() bool)
	err    error  // what the caller gets; nil: the answer "good"
	next   error  // what the next caller gets, from the same worker if that still seems well
	deaths uint64 // that are noticed before the next call
}

// errAny stands for whatever comes of a race.
var errAny = errors.New("any")

const (
	testTimeout = 300 * time.Millisecond
	testAnswer  = 100
)

// attacks lists every way to speak the protocol wrongly.
func attacks() map[string]attack {
	all := map[string]attack{}
	for _, part := range []map[string]attack{badAnswers(), badFailures(), badQuestions(), badManners()} {
		for name, a := range part {
			all[name] = a
		}
	}
	return all
}

// answering is an attack that changes an answer's frame.
func answering(change func(f *frame)) func(*child, frame, func() bool) {
	return func(c *child, f frame, _ func() bool) {
		out := frame{op: opAnswer, call: f.call, n: uint32(copy(c.area(areaAnswer), "good"))}
		change(&out)
		c.send(out)
	}
}

func good(c *child, f frame) { answering(func(*frame) {})(c, f, nil) }

func badAnswers() map[string]attack {
	died := func(change func(f *frame)) attack { return attack{do: answering(change), err: runtimes.ErrDied} }
	return map[string]attack{
		"none":                    {do: answering(func(*frame) {})},
		"huge figures":            {do: answering(func(f *frame) { f.fuel, f.memory, f.dropped, f.replaced = 1<<63, 1<<63, 1<<31, 1<<31 })},
		"length 2^31":             died(func(f *frame) { f.n = 1 << 31 }),
		"length 2^32 - 1":         died(func(f *frame) { f.n = math.MaxUint32 }),
		"length of area and one":  died(func(f *frame) { f.n = areaSize + 1 }),
		"longer than allowed":     died(func(f *frame) { f.n = testAnswer + 1 }),
		"of the next call":        died(func(f *frame) { f.call++ }),
		"of the call before":      died(func(f *frame) { f.call-- }),
		"unknown message":         died(func(f *frame) { f.op = 99 }),
		"no message":              died(func(f *frame) { f.op = 0 }),
		"message 2^32 - 1":        died(func(f *frame) { f.op = math.MaxUint32 }),
		"a message of the host's": died(func(f *frame) { f.op = opCall }),
		"hello again":             died(func(f *frame) { f.op, f.arg, f.key = opHello, version, allLayers }),
		"ready again":             died(func(f *frame) { f.op = opReady }),
		"refused after all":       died(func(f *frame) { f.op = opRefused }),
		"a piece of code":         died(func(f *frame) { f.op = opPiece }),
	}
}

func badFailures() map[string]attack {
	failing := func(number uint32, text string, n int, err error) attack {
		return attack{err: err, do: func(c *child, f frame, _ func() bool) {
			copy(c.area(areaAnswer), text)
			c.send(frame{op: opFailed, call: f.call, arg: number, n: uint32(n)})
		}}
	}
	long := strings.Repeat("x", maxGuestText+1)
	return map[string]attack{
		"failure out of range":      failing(failures, "", 0, runtimes.ErrDied),
		"failure 2^32 - 1":          failing(math.MaxUint32, "", 0, runtimes.ErrDied),
		"failure of the sandbox":    failing(failSandbox, "", 0, runtimes.ErrDied),
		"ended without reason":      failing(failEnded, "", 0, runtimes.ErrDied),
		"text not UTF-8":            failing(failTrap, "\xff\xfe", 2, runtimes.ErrDied),
		"guest's text not UTF-8":    failing(failGuest, "\xc3\x28", 2, runtimes.ErrDied),
		"text too long":             failing(failTrap, long, maxText+1, runtimes.ErrDied),
		"guest's text too long":     failing(failGuest, long, maxGuestText+1, runtimes.ErrDied),
		"text of the whole area":    failing(failOther, "", areaSize, runtimes.ErrDied),
		"text with escapes":         failing(failTrap, "\x1b[2J\n\u202e!", 9, runtimes.ErrTrap),
		"guest's text, not escaped": failing(failGuest, "\x1b[2J", 4, &runtimes.GuestError{Text: "\x1b[2J"}),
	}
}

// asking is an attack that asks for a capability and does not wait for the answer.
func asking(f frame, text string) func(*child, frame, func() bool) {
	return func(c *child, of frame, _ func() bool) {
		copy(c.area(areaInput), text)
		f.op, f.call = opAsk, f.call+of.call
		c.send(f)
	}
}

func badQuestions() map[string]attack {
	bad := func(f frame, text string) attack { return attack{do: believed(asking(f, text)), err: runtimes.ErrDied} }
	died := func(c abi.Capability, slot, n uint32, text string) attack {
		return bad(frame{arg: uint32(c), key: slot, n: n}, text)
	}
	return map[string]attack{
		"no such capability":          died(abi.Progress+1, 0, 0, ""),
		"capability 2^8":              bad(frame{arg: 1 << 8}, ""),
		"capability 2^32 - 1":         bad(frame{arg: math.MaxUint32}, ""),
		"question of another call":    bad(frame{arg: uint32(abi.Audit), call: 1}, ""),
		"ungranted":                   died(abi.Sign, 0, 0, ""),
		"ungranted with input":        died(abi.Infer, 0, 8, "ungranted"),
		"line too long":               died(abi.Log, 0, abi.MaxLogLine+1, ""),
		"no such level":               died(abi.Log, 4, 0, ""),
		"input of 2^31":               died(abi.Audit, 0, 1<<31, ""),
		"object too long":             died(abi.Audit, 0, abi.MaxAuditObject+1, ""),
		"slot of audit":               died(abi.Audit, 1, 0, ""),
		"nonce too short":             died(abi.Attest, 0, abi.MinNonce-1, ""),
		"nonce too long":              died(abi.Attest, 0, abi.MaxNonce+1, ""),
		"progress of 8 bytes":         died(abi.Progress, 0, 8, ""),
		"progress that is no number":  died(abi.Progress, 0, 16, progress(math.NaN(), 4)),
		"progress without end":        died(abi.Progress, 0, 16, progress(1, math.Inf(1))),
		"progress to the end":         died(abi.Progress, 0, 16, progress(math.Inf(1), 4)),
		"progress to less than 0":     died(abi.Progress, 0, 16, progress(1, -4)),
		"progress backwards":          {do: believed(going(2, 4), going(1, 4)), err: runtimes.ErrDied},
		"progress of another total":   {do: believed(going(1, 4), going(2, 5)), err: runtimes.ErrDied},
		"progress":                    {do: believed(going(1, 4), going(1, 4))},
		"question after the answer":   {do: twice(asking(frame{arg: uint32(abi.Audit)}, "")), next: runtimes.ErrDied},
		"questions without end":       {do: questions(0), err: runtimes.ErrLimit},
		"questions after the time":    {do: questions(testTimeout + time.Millisecond), err: runtimes.ErrLimit},
		"input that changes":          {do: restless},
		"input that changes for ever": {do: changing(asking(frame{arg: uint32(abi.Audit), n: 8}, "12345678")), err: errAny},
	}
}

// going reports progress.
func going(done, total float64) func(*child, frame, func() bool) {
	return asking(frame{arg: uint32(abi.Progress), n: 16}, progress(done, total))
}

// believed asks, and answers well if each of its questions is answered.
func believed(questions ...func(*child, frame, func() bool)) func(*child, frame, func() bool) {
	return func(c *child, f frame, stop func() bool) {
		for _, ask := range questions {
			ask(c, f, stop)
			if _, err := c.next(); err != nil {
				return
			}
		}
		good(c, f)
	}
}

// questions asks after some time, for ever.
func questions(wait time.Duration) func(*child, frame, func() bool) {
	return func(c *child, f frame, stop func() bool) {
		time.Sleep(wait)
		for !stop() {
			asking(frame{arg: uint32(abi.Audit)}, "")(c, f, stop)
			if _, err := c.next(); err != nil {
				return
			}
		}
	}
}

// twice does something after a good answer, when the host does not wait.
func twice(then func(*child, frame, func() bool)) func(*child, frame, func() bool) {
	return func(c *child, f frame, stop func() bool) {
		good(c, f)
		time.Sleep(2 * time.Millisecond)
		then(c, f, stop)
	}
}

// restless changes its input while the Host looks at it.
func restless(c *child, f frame, stop func() bool) {
	asking(frame{arg: uint32(abi.Audit), n: 8}, "12345678")(c, f, stop)
	for began := time.Now(); time.Since(began) < 10*time.Millisecond; {
		copy(c.area(areaInput), fmt.Sprint(time.Since(began).Nanoseconds()))
	}
	if _, err := c.next(); err == nil {
		good(c, f)
	}
}

// changing does something and then goes on to change all that the host may read.
func changing(first func(*child, frame, func() bool)) func(*child, frame, func() bool) {
	return func(c *child, f frame, stop func() bool) {
		first(c, f, stop)
		for i := uint32(0); !stop(); i++ {
			o := c.out
			for _, field := range []interface{ Store(uint32) }{&o.n, &o.op, &o.arg, &o.key, &o.call} {
				field.Store(i * 2654435761)
			}
			copy(c.area(areaAnswer), fmt.Sprint(i))
			copy(c.area(areaInput), fmt.Sprint(i))
		}
	}
}

func badManners() map[string]attack {
	return map[string]attack{
		"frame skipped":             {do: func(c *child, f frame, _ func() bool) { c.sent++; good(c, f) }, err: runtimes.ErrDied},
		"frame repeated":            {do: func(c *child, f frame, _ func() bool) { c.sent--; good(c, f) }, err: runtimes.ErrLimit},
		"two answers":               {do: twice(answering(func(*frame) {})), err: errAny, next: errAny}, // whichever call looks first
		"answer changing for ever":  {do: changing(answering(func(*frame) {})), err: errAny, next: errAny},
		"never answers":             {do: func(_ *child, _ frame, stop func() bool) { wait(stop) }, err: runtimes.ErrLimit},
		"dies":                      {do: func(c *child, _ frame, _ func() bool) { c.quit(nil) }, err: runtimes.ErrDied},
		"dies while idle":           {do: twice(func(c *child, _ frame, _ func() bool) { c.quit(nil) }), deaths: 1},
		"floods the bell":           {do: flood, err: runtimes.ErrDied},
		"rings a little":            {do: func(c *child, f frame, _ func() bool) { c.wake(); c.wake(); time.Sleep(time.Millisecond); good(c, f) }},
		"wipes the shared memory":   {do: wipe, err: errAny}, // unseen until the deadline while the host sleeps
		"frees the shared memory":   {do: free},
		"sleeps in the answer area": {do: func(c *child, _ frame, stop func() bool) { c.out.asleep.Store(1); wait(stop) }, err: runtimes.ErrLimit},
	}
}

func flood(c *child, _ frame, stop func() bool) {
	for !stop() {
		c.wake()
	}
}

func wipe(c *child, _ frame, stop func() bool) {
	for !stop() {
		for i := range c.memory[:pageSize] {
			c.memory[i] = 0xff
		}
	}
}

func wait(stop func() bool) {
	for !stop() {
		time.Sleep(time.Millisecond)
	}
}

func progress(done, total float64) string {
	b := binary.LittleEndian.AppendUint64(nil, math.Float64bits(done))
	return string(binary.LittleEndian.AppendUint64(b, math.Float64bits(total)))
}
