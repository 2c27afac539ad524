package guest

import (
	"context"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wasm"
)

// A compilation is the way of a module from the file to code.
type compilation struct {
	engine  Engine
	program runtimes.Program
	imports []Import
	outline *wasm.Outline // for build
	key     string        // in the cache, if there is one
	step    string        // what is being done, for errors
}

// A built module is metered and compiled.
type built struct {
	code       Code
	globals    []string // exports of all mutable globals
	restorable bool
}

// known returns code that was compiled before, nil if there is none. The cache vouches for it: a module was read whole, and
// found valid, before anything of it was put there.
func (c *compilation) known(ctx context.Context) *built {
	if c.program.Cache == nil {
		return nil
	}
	c.key = cacheKey(c.program, c.engine)
	a, err := parseArtifact(c.program.Cache.Get(c.key))
	if err != nil {
		return nil
	}
	b, err := c.compile(ctx, &a.metered, a.code)
	if err != nil {
		return nil
	}
	return b
}

// build returns code: validated, metered and compiled now. The original is validated untouched, but for custom sections:
// rewriting may make valid what is not, and a module that is not valid alone could reach what Meter adds.
func (c *compilation) build(ctx context.Context) (*built, error) {
	c.step = "validating the module"
	if err := c.engine.Validate(ctx, wasm.Bare(c.program.Wasm, c.outline)); err != nil {
		return nil, err
	}
	c.step = "metering the module"
	metered, err := wasm.Meter(c.program.Wasm, c.outline, wasm.MeterConfig{Pages: pages(c.program.Limits.Memory)})
	if err != nil {
		return nil, err
	}
	b, err := c.compile(ctx, metered, nil)
	if err != nil {
		return nil, err
	}
	if code := b.code.Serialize(); code != nil && c.key != "" { // asked in any case: the engine may keep it until then
		c.program.Cache.Put(c.key, artifact{*metered, code}.bytes())
	}
	return b, nil
}

func (c *compilation) compile(ctx context.Context, m *wasm.Metered, serialized []byte) (*built, error) {
	c.step = "compiling the module"
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	code, err := c.engine.Compile(ctx, m.Wasm, c.imports, pages(c.program.Limits.Memory), serialized)
	if err != nil {
		return nil, err
	}
	return &built{code: code, globals: m.Globals, restorable: m.Restorable}, nil
}
