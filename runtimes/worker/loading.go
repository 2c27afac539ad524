package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"bulkhead/runtimes"
)

// greeting is what a worker says of its sandbox before it has read a byte of its plugin. Until then it is as honest as
// the host.
type greeting struct {
	engine   string // name and version of the library, one line
	layers   uint32
	landlock int
	missing  string
}

// greet waits for the hello.
func (w *worker) greet() (g greeting, err error) {
	f, err := w.next()
	switch {
	case errors.Is(err, io.EOF):
		return g, w.fail(fmt.Errorf("%s; it did not even say hello: does its main call worker.Main first?", w.obituary()))
	case err != nil:
		return g, w.fail(err)
	case f.op != opHello || f.arg != version || f.time > maxEngine || f.n > maxText+maxEngine || uint64(f.n) < f.time:
		return g, w.fail(brokenf("message %d of version %d for a hello: is it another program?", f.op, f.arg))
	}
	words := string(w.area(areaAnswer)[:f.n])
	return greeting{
		engine: line(words[:f.time]), layers: f.key, landlock: int(f.memory), missing: line(words[f.time:]),
	}, nil
}

// load has a new worker load its plugin. A quiet one's log lines have been seen before. If fetch is set, code is what it
// compiled, for others; it may be nil. Every error is a LoadError, after which the worker is of no use.
func (w *worker) load(ctx context.Context, until time.Time, quiet, fetch bool) (code []byte, dropped uint32, err error) {
	w.begin(ctx, until)
	defer w.shrink() // code was large
	defer w.finish()
	w.quiet = quiet
	code, dropped, err = w.loaded(fetch)
	w.quiet = false
	if err == nil {
		return code, dropped, nil
	}
	if _, ok := errors.AsType[*runtimes.LoadError](err); !ok {
		err = w.refusal("loading in a worker", w.starved(err))
	}
	w.dead = true
	return nil, 0, err
}

func (w *worker) loaded(fetch bool) (code []byte, dropped uint32, err error) {
	defer w.caught(debug.SetPanicOnFault(true), &err)
	if err := w.inspect(); err != nil {
		return nil, 0, err
	}
	order := frame{op: opLoad, time: uint64(max(0, time.Until(w.until)))}
	if fetch {
		order.arg = 1
	}
	f, err := frame{}, w.send(order)
	if err == nil {
		f, err = w.serve()
	}
	switch {
	case err != nil:
	case f.op == opRefused:
		return nil, 0, w.refused(f)
	case f.op != opReady:
		err = brokenf("message %d for having loaded", f.op)
	default:
		code, err = w.fetch(f.time, fetch)
	}
	if err != nil {
		return nil, 0, w.fail(err)
	}
	return code, f.dropped, nil
}

// inspect refuses a worker whose sandbox is not complete.
func (w *worker) inspect() error {
	g, err := w.greet()
	if err != nil {
		return w.refusal("starting a worker", err)
	}
	if g.layers != allLayers {
		return w.refusal(g.missing, ErrSandbox)
	}
	if err := w.plugin.insist(layersOf(g, w.isolation)); err != nil {
		return w.refusal(err.Error(), ErrSandbox)
	}
	return nil
}

// starved adds that a death came of the memory limit, if it looks so.
func (w *worker) starved(err error) error {
	if errors.Is(err, runtimes.ErrDied) && strings.Contains(w.reason, "out of memory") {
		return fmt.Errorf("%w: memory: %w", runtimes.ErrLimit, err)
	}
	return err
}

// fetch takes the code that a worker compiled, in pieces.
func (w *worker) fetch(size uint64, wanted bool) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	if size > maxCode || !wanted {
		return nil, brokenf("%d bytes of code", size)
	}
	code := make([]byte, 0, size)
	for uint64(len(code)) < size {
		if err := w.send(frame{op: opFetch}); err != nil {
			return nil, err
		}
		f, err := w.next()
		if err != nil {
			return nil, err
		}
		if want := min(areaSize, size-uint64(len(code))); f.op != opPiece || uint64(f.n) != want {
			return nil, brokenf("message %d with %d bytes for %d bytes of code", f.op, f.n, want)
		}
		code = append(code, w.area(areaAnswer)[:f.n]...)
		w.most[areaAnswer] = max(w.most[areaAnswer], int(f.n))
	}
	return code, nil
}

// refused is the error of a plugin that did not load, in the worker's words.
func (w *worker) refused(f frame) error {
	words := append([]byte(nil), w.area(areaAnswer)[:min(f.n, maxText+maxGuestText+1)]...)
	if f.key > uint32(len(words)) || f.arg == failSandbox {
		return w.fail(brokenf("a reason of %d bytes for failure %d", f.key, f.arg))
	}
	reason, text := words[:f.key], words[f.key:]
	if err := errors.Join(checkText(failOther, reason), checkText(f.arg, text)); err != nil {
		return w.fail(err)
	}
	var cause error
	switch over := w.over(); {
	case f.arg == failEnded && over == nil:
		return w.fail(brokenf("the end of a load whose time has not passed"))
	case over != nil && (f.arg == failEnded || w.ctx.Err() != nil):
		cause = over
	case f.arg != failOther || len(text) > 0:
		cause = errorOf(f.arg, string(text))
	}
	return w.refusal(string(reason), cause)
}

func (w *worker) refusal(reason string, err error) error {
	return &runtimes.LoadError{Plugin: w.plugin.name, Reason: line(reason), Err: err}
}
