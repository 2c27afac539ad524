package hostile_test

import (
	"context"
	"testing"

	engine "github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"bulkhead/runtimes/runtimetest/hostile"
	"bulkhead/runtimes/wazero"
)

func setups() []hostile.Setup {
	return []hostile.Setup{{Name: "wazero inline", Open: wazero.New}}
}

func TestGenerated(t *testing.T) { hostile.Run(t, hostile.Generated(), setups(), true) }

func TestWritten(t *testing.T) { hostile.Run(t, hostile.Written(t), setups(), true) }

func TestInvalid(t *testing.T) {
	hostile.Invalid(t, append(hostile.Generated(), hostile.Written(t)...), func(ctx context.Context, module []byte) error {
		config := engine.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2)
		r := engine.NewRuntimeWithConfig(ctx, config)
		defer r.Close(ctx)
		_, err := r.CompileModule(ctx, module)
		return err
	})
}
