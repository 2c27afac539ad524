package worker

import (
	"context"
	"runtime/debug"
	"time"

	"bulkhead/runtimes"
)

// measure has the worker answer a request. After an error, dead says whether the worker lives.
func (w *worker) measure(ctx context.Context, until time.Time, dst []byte, length int, request []byte, u *runtimes.Usage) (answer []byte, last frame, err error) {
	w.begin(ctx, until)
	defer w.finish()
	defer w.caught(debug.SetPanicOnFault(true), &err)
	w.call++
	if w.call == 0 { // the id of loading
		w.call++
	}
	if ok, err := w.arrived(); ok || err != nil {
		return nil, frame{}, w.fail(brokenf("a frame that nobody asked for"))
	}
	w.most[areaRequest] = copy(w.area(areaRequest), request)
	left := uint64(max(0, time.Until(w.until)))
	err = w.send(frame{op: opCall, call: w.call, n: uint32(len(request)), time: left})
	if err == nil {
		last, err = w.serve()
	}
	if err != nil {
		return nil, frame{}, w.fail(err)
	}
	*u = runtimes.Usage{Fuel: last.fuel, Memory: last.memory, Reported: true}
	answer, err = w.answer(dst, length, last)
	return answer, last, err
}

// serve answers the worker's questions until a frame that is none.
func (w *worker) serve() (frame, error) {
	for {
		f, err := w.next()
		if err != nil || f.op != opAsk {
			return f, err
		}
		if err := w.reply(f); err != nil {
			return f, err
		}
	}
}

// answer takes the worker's last word of a call. An answer of another length than the caller has room for is the guest's
// mistake, not the worker's.
func (w *worker) answer(dst []byte, length int, f frame) ([]byte, error) {
	w.most[areaAnswer] = int(f.n)
	words := w.area(areaAnswer)[:f.n]
	switch {
	case f.op == opAnswer && uint64(f.n) <= w.plugin.limits.Answer:
		if err := w.over(); err != nil {
			return nil, err
		}
		if length != anyLength {
			if err := runtimes.CheckLength(len(words), length); err != nil {
				return nil, err
			}
		}
		return append(dst, words...), nil
	case f.op == opFailed:
		return nil, w.failure(f.arg, words)
	}
	return nil, w.fail(brokenf("message %d with %d bytes for an answer", f.op, f.n))
}

// failure is the error of a call that the worker ended without an answer.
func (w *worker) failure(number uint32, words []byte) error {
	words = append([]byte(nil), words[:min(len(words), maxGuestText+1)]...)
	if err := checkText(number, words); err != nil {
		return w.fail(err)
	}
	over := w.over()
	if over == nil {
		over = w.ended
	}
	switch {
	case number == failEnded && over == nil:
		return w.fail(brokenf("the end of a call whose time has not passed"))
	case number == failSandbox:
		return w.fail(brokenf("failure %d of a call", number))
	case over != nil && (number == failEnded || w.ended != nil || w.ctx.Err() != nil):
		return over
	}
	return errorOf(number, string(words))
}
