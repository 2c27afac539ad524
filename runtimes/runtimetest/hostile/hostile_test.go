package hostile_test

import (
	"context"
	"testing"

	engine "github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"bulkhead/runtimes/runtimetest/hostile"
)

// What is generated needs no assembler, so the structure of it is tested with everything else.
func TestInvalid(t *testing.T) { hostile.Invalid(t, hostile.Generated(), validate) }

// validate is wazero's check of an original, with the features of ABI v1 and no others.
func validate(ctx context.Context, module []byte) error {
	r := engine.NewRuntimeWithConfig(ctx, engine.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2))
	defer r.Close(ctx)
	_, err := r.CompileModule(ctx, module)
	return err
}
