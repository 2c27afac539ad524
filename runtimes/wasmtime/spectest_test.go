//go:build wasmtime

package wasmtime

import (
	"testing"

	"bulkhead/runtimes/image"
	"bulkhead/runtimes/runtimetest/spectest"
)

func TestSpecificationRefuses(t *testing.T) { spectest.Refuses(t, judge().Validate) }

func TestSpecificationAccepts(t *testing.T) { spectest.Accepts(t, judge().Validate) }

func TestSpecificationRefusesStrangers(t *testing.T) { spectest.RefusesStrangers(t, judge().Validate) }

func judge() *engine { return newEngine(image.Source{}) }
