package worker

import (
	"math"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// The host believes no worker. What a guest may do was checked inside it, by code that a guest may have taken over; so
// everything is checked again here, and what no honest worker would ask is its death.

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
	w.in = append(w.in[:0], w.area(areaInput)[:f.n]...)
	capability := abi.Capability(f.arg)
	if capability == abi.Progress && w.ratio.Report(w.in) != nil {
		return brokenf("progress that makes no sense")
	}
	if w.ended = w.over(); w.ended != nil {
		return w.send(frame{op: opReply, call: w.call, arg: replyOver})
	}
	answer, err := w.ask(capability, f.key)
	if w.ended = w.over(); w.ended != nil {
		return w.send(frame{op: opReply, call: w.call, arg: replyOver})
	}
	if err == nil && len(answer) > abi.MaxAnswer {
		err = abi.ErrLimit
	}
	if err != nil {
		return w.send(frame{op: opReply, call: w.call, arg: uint32(-abi.ErrnoOf(err))})
	}
	n := copy(w.area(areaReply), answer)
	w.most[areaReply] = max(w.most[areaReply], n)
	return w.send(frame{op: opReply, call: w.call, n: uint32(n)})
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

// ask asks the Host.
func (w *worker) ask(c abi.Capability, slot uint32) (answer []byte, err error) {
	if w.quiet {
		return nil, nil
	}
	defer func() {
		if recover() != nil {
			w.panics++
			answer, err = nil, abi.ErrInternal
		}
	}()
	if w.lent == nil {
		w.lent = runtimes.Lend(w.ctx, w.until)
	}
	return w.plugin.host.Capability(w.lent, c, slot, w.out, w.in)
}
