package worker

import (
	"math"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// The host believes no worker. What a guest may do was checked inside it, by code that a guest may have taken over; so
// everything is checked again here, and what no honest worker would ask is its death.
//
// The host copies what a worker asks, once, and then looks at it. Only the tensors of infer it never looks at: a model gets
// them from where they are, and a worker that changes them meanwhile has asked something else. Their length is a number of
// the frame, read once.

// grants are a plugin's, with Progress, which needs none.
type grants = abi.Grants

// reply answers a question of the worker.
func (w *worker) reply(f frame) error {
	if w.ended != nil {
		return brokenf("a question after the call was over")
	}
	if err := w.checkAsk(f); err != nil {
		return err
	}
	w.most[areaInput] = max(w.most[areaInput], int(f.n))
	capability, in := abi.Capability(f.arg), w.area(areaInput)[:f.n:f.n]
	if !w.direct(capability) {
		w.in = append(w.in[:0], in...)
		in = w.in
	}
	if capability == abi.Progress && w.ratio.Report(in) != nil {
		return brokenf("progress that makes no sense")
	}
	if w.ended = w.over(); w.ended != nil {
		return w.send(frame{op: opReply, call: w.call, arg: replyOver})
	}
	answer, err := w.ask(capability, f.key, in)
	if err == nil && len(answer) > abi.MaxAnswer {
		err = abi.ErrLimit
	}
	if err != nil {
		answer = nil
	}
	w.most[areaReply] = max(w.most[areaReply], len(answer))
	if w.ended = w.over(); w.ended != nil {
		if w.direct(capability) {
			clear(w.area(areaReply)[:len(answer)])
		}
		return w.send(frame{op: opReply, call: w.call, arg: replyOver})
	}
	if err != nil {
		return w.send(frame{op: opReply, call: w.call, arg: uint32(-abi.ErrnoOf(err))})
	}
	if area := w.area(areaReply); len(answer) > 0 && &answer[0] != &area[0] {
		copy(area, answer)
	}
	return w.send(frame{op: opReply, call: w.call, n: uint32(len(answer))})
}

// checkAsk holds a question against the plugin's grants and the sizes of ABI v1.
func (w *worker) checkAsk(f frame) error {
	c := abi.Capability(f.arg)
	if f.arg > uint32(abi.Progress) || !w.plugin.grants.Has(c) {
		return brokenf("a question for capability %d, which is not granted", f.arg)
	}
	if w.call == 0 && c != abi.Log {
		return brokenf("a question for %s while loading", c)
	}
	least, most, key := uint32(0), uint32(0), uint32(0)
	switch c {
	case abi.Log:
		most, key = abi.MaxLogLine, uint32(abi.LevelError)
	case abi.Audit:
		most = abi.MaxAuditObject
	case abi.Sign:
		most, key = abi.MaxSignInput, math.MaxUint32
	case abi.Attest:
		least, most = abi.MinNonce, abi.MaxNonce
	case abi.Infer:
		most, key = abi.MaxRequest, math.MaxUint32
	case abi.Progress:
		least, most = 16, 16
	}
	if f.n < least || f.n > most || f.key > key {
		return brokenf("a question for %s with %d bytes and slot %d", c, f.n, f.key)
	}
	return nil
}

// direct reports whether question and answer stay in shared memory.
func (w *worker) direct(c abi.Capability) bool { return c == abi.Infer && w.plugin.infer != nil }

// ask asks the Host. A fault in this worker's memory is the worker's end, no mistake of the Host's.
func (w *worker) ask(c abi.Capability, slot uint32, in []byte) (answer []byte, err error) {
	if w.quiet {
		return nil, nil
	}
	defer func() {
		r := recover()
		if f, ok := r.(fault); ok && w.has(f.Addr()) {
			panic(r)
		}
		if r != nil {
			w.panics++
			answer, err = nil, abi.ErrInternal
		}
	}()
	if w.lent == nil {
		w.lent = runtimes.Lend(w.ctx, w.until)
	}
	if w.direct(c) {
		return w.plugin.infer.Infer(w.lent, slot, w.area(areaReply), in)
	}
	return w.plugin.host.Capability(w.lent, c, slot, w.out, in)
}
