package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// A child is the worker's own side: it loads one plugin and answers one call at a time.
type child struct {
	link
	*shared
	program, code []byte // of the host, for reading
	module        runtimes.Module
	reporter      runtimes.Reporter // the module, or nil
	said          runtimes.Status   // what the host knows
	fresh         []byte            // code that the host has not fetched yet

	settle func(runtimes.Limits) error // from loading to answering
	quit   func(error)                 // ends the worker in the middle of a guest's run
}

// connect maps what the host hands over.
func (c *child) connect() (err error) {
	if c.shared, err = mapShared(fdShared); err != nil {
		return err
	}
	if c.program, err = mapSealed(fdProgram); err != nil {
		return err
	}
	if c.code, err = mapSealed(fdCode); err != nil {
		return err
	}
	c.link = link{in: &c.header.host, out: &c.header.worker, read: fdBell, ring: fdRing}
	return nil
}

// next waits for the host. The host's end, io.EOF, is the worker's.
func (c *child) next() (frame, error) {
	ok, err := c.spin(workerSpin)
	if err == nil && !ok {
		err = c.sleep()
	}
	if err != nil {
		return frame{}, err
	}
	return c.receive(), nil
}

// hello says which engine there is, and which layers stand.
func (c *child) hello(engine string, layers uint32, landlock int, missing error) error {
	f := frame{op: opHello, arg: version, key: layers, memory: uint64(landlock)}
	area := c.area(areaAnswer)
	f.time = uint64(copy(area[:maxEngine], engine))
	f.n = uint32(f.time)
	if missing != nil {
		f.n += uint32(copy(area[f.n:], line(missing.Error())))
	}
	return c.send(f)
}

// maxEngine is how long the name and version of an engine may be.
const maxEngine = 128

// work does what the host says until it is gone.
func (c *child) work(backend runtimes.Backend) error {
	for {
		f, err := c.next()
		if err == nil {
			err = c.obey(f, backend)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *child) obey(f frame, backend runtimes.Backend) error {
	switch {
	case f.op == opLoad && c.module == nil:
		return c.load(f, backend)
	case f.op == opFetch && len(c.fresh) > 0:
		return c.fetch()
	case f.op == opCall && c.module != nil:
		return c.answer(f)
	}
	return brokenf("message %d of the host", f.op)
}

// load reads the program, for the first time, and loads it.
func (c *child) load(f frame, backend runtimes.Backend) error {
	p, err := parseProgram(c.program)
	if err != nil {
		return err
	}
	compiled := parseCodes(c.code)
	p.Host, p.Cache = c, compiled
	t := c.task(f)
	c.module, err = backend.Load(t, p)
	t.finish()
	if err != nil {
		return c.refuse(err)
	}
	c.reporter, _ = c.module.(runtimes.Reporter)
	if f.arg == 1 {
		c.fresh = compiled.bundle()
	}
	if err := c.settle(p.Limits); err != nil {
		return err
	}
	ready := frame{op: opReady, time: uint64(len(c.fresh))}
	c.report(&ready)
	return c.send(ready)
}

// refuse says why the plugin was not loaded. The host ends the worker.
func (c *child) refuse(err error) error {
	f := frame{op: opRefused}
	reason, text := "loading", ""
	if refusal, ok := errors.AsType[*runtimes.LoadError](err); ok {
		reason, err = refusal.Reason, refusal.Err
	}
	if err != nil {
		f.arg, text = failureOf(err)
	}
	area := c.area(areaAnswer)
	f.key = uint32(copy(area, line(reason)))
	f.n = f.key + uint32(copy(area[f.key:], text))
	return c.send(f)
}

// fetch hands the host the next piece of code.
func (c *child) fetch() error {
	n := copy(c.area(areaAnswer), c.fresh)
	if c.fresh = c.fresh[n:]; len(c.fresh) == 0 {
		c.fresh = nil
	}
	return c.send(frame{op: opPiece, n: uint32(n)})
}

// answer has the module answer a request where both lie, in shared memory: the host touches neither meanwhile.
func (c *child) answer(f frame) error {
	if f.n > areaSize {
		return brokenf("a request of %d bytes", f.n)
	}
	t := c.task(f)
	area := c.area(areaAnswer)
	var u runtimes.Usage
	words, err := runtimes.Measure(t, c.module, area[:0], c.area(areaRequest)[:f.n], &u)
	t.finish()
	if err == nil && len(words) > areaSize {
		err = fmt.Errorf("%w: an answer of %d bytes", runtimes.ErrLimit, len(words))
	}
	out := frame{op: opAnswer, call: f.call, fuel: u.Fuel, memory: u.Memory}
	if err != nil {
		number, text := failureOf(err)
		out.op, out.arg, out.n = opFailed, number, uint32(copy(area, text))
	} else if out.n = uint32(len(words)); out.n > 0 && &words[0] != &area[0] {
		copy(area, words)
	}
	c.report(&out)
	return c.send(out)
}

// report adds to a frame what the module counted since the last one.
func (c *child) report(f *frame) {
	if c.reporter == nil {
		return
	}
	now := c.reporter.Status()
	f.dropped, f.replaced = uint32(now.Dropped-c.said.Dropped), uint32(now.Replaced-c.said.Replaced)
	c.said = now
}

// Infer implements runtimes.Inferrer.
func (c *child) Infer(ctx context.Context, slot uint32, out, in []byte) ([]byte, error) {
	return c.Capability(ctx, abi.Infer, slot, out[:0], in)
}

// Capability implements runtimes.Host by asking the host. Only the task at work may ask.
func (c *child) Capability(ctx context.Context, capability abi.Capability, slot uint32, dst, in []byte) ([]byte, error) {
	t, ok := ctx.Value(taskKey{}).(*task)
	if !ok || t.over.Load() {
		return nil, abi.ErrUnavailable
	}
	if len(in) > areaSize {
		return nil, abi.ErrLimit
	}
	n := copy(c.area(areaInput), in)
	err := c.send(frame{op: opAsk, call: t.call, arg: uint32(capability), key: slot, n: uint32(n)})
	var f frame
	if err == nil {
		f, err = c.next()
	}
	switch {
	case err != nil || f.op != opReply || f.call != t.call || f.n > areaSize:
		c.quit(err)
	case f.arg == replyOver:
		t.over.Store(true)
		return nil, abi.ErrDeadline
	case f.arg != 0:
		return nil, abi.Errno(-int32(f.arg))
	}
	return append(dst, c.area(areaReply)[:f.n]...), nil
}

// task starts to count the time that a frame leaves.
func (c *child) task(f frame) *task {
	return &task{call: f.call, cancelled: &c.cancelled, until: time.Now().Add(time.Duration(f.time))}
}
