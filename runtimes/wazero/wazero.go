// Package wazero is the backend over github.com/tetratelabs/wazero, pure Go.
//
// Every plugin has a wazero runtime of its own and every instance is anonymous, so that no plugin can import from
// another. Runtimes never close on a done context: that check makes loops several times slower, misses code without
// loops, and leaves the module unusable. It is the metering of package wasm that ends a guest.
package wazero

import (
	"context"
	"fmt"
	"runtime"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"golang.org/x/sys/cpu"

	"bulkhead/runtimes"
	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/image"
)

// features are exactly those of ABI v1.
const features = api.CoreFeatureMutableGlobal | api.CoreFeatureSignExtensionOps | api.CoreFeatureBulkMemoryOperations |
	api.CoreFeatureNonTrappingFloatToIntConversion | api.CoreFeatureMultiValue | api.CoreFeatureReferenceTypes |
	api.CoreFeatureSIMD

// version is that of the library, as go.mod has it.
const version = "v1.12.0"

// New returns the backend. On processors that wazero has no compiler for, it interprets.
func New() runtimes.Backend { return Config{}.New() }

// A Config says how the backend works. Its zero value is the default.
type Config struct {
	Images image.Source // what large snapshots are made with
}

// New returns a backend.
func (c Config) New() runtimes.Backend { return guest.New(engine{c}) }

// Ahead returns the backend for one plugin in a sandbox that this process enters afterwards: what a large snapshot needs is
// opened here, and large snapshots of more plugins are copied.
func Ahead(pagemap int) runtimes.Backend { return Config{Images: image.Ahead(pagemap)}.New() }

type engine struct{ Config }

// Version implements guest.Engine.
func (engine) Version() string { return "wazero " + version }

// ID implements guest.Engine. It has the features of the processor that wazero looks at.
func (engine) ID() string {
	return fmt.Sprint("wazero ", version, " ", runtime.GOOS, "/", runtime.GOARCH, " ",
		cpu.X86.HasSSE41, cpu.X86.HasBMI1, cpu.X86.HasBMI2, cpu.X86.HasPOPCNT, cpu.ARM64.HasATOMICS)
}

// Validate implements guest.Engine with wazero's interpreter, which validates as the compiler does and is fast to compile.
func (engine) Validate(ctx context.Context, module []byte) (err error) {
	defer recovered(&err)
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features).WithDebugInfoEnabled(false))
	defer r.Close(ctx)
	_, err = r.CompileModule(ctx, module)
	return err
}

// Close has nothing to free: each code owns its runtime.
func (engine) Close(context.Context) error { return nil }

// recovered makes an error of a panic: the library says so where it meets what it did not expect, and the module is
// hostile.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("wazero panicked: %.200s", fmt.Sprint(r))
	}
}
