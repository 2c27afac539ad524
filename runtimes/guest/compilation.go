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
	outline *wasm.Outline
	imports []Import
	step    string // what is being done, for errors
}

// A built module is metered and compiled.
type built struct {
	code       Code
	globals    []string // exports of all mutable globals
	restorable bool
}

// build returns code: compiled before and vouched for by the cache, or validated, metered and compiled now. The original
// is validated untouched, but for custom sections: rewriting may make valid what is not, and a module that is not valid
// alone could reach what Meter adds.
func (c *compilation) build(ctx context.Context) (*built, error) {
	cache, key := c.program.Cache, ""
	if cache != nil {
		key = cacheKey(c.program, c.engine)
		if a, err := parseArtifact(cache.Get(key)); err == nil {
			if b, err := c.compile(ctx, &a.metered, a.code); err == nil {
				return b, nil
			}
		}
	}
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
	if code := b.code.Serialize(); code != nil && cache != nil { // asked in any case: the engine may keep it until then
		cache.Put(key, artifact{*metered, code}.bytes())
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
