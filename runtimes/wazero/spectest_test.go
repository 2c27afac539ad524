package wazero

import (
	"testing"

	"bulkhead/runtimes/runtimetest/spectest"
)

func TestSpecificationRefuses(t *testing.T) { spectest.Refuses(t, engine{}.Validate) }

func TestSpecificationAccepts(t *testing.T) { spectest.Accepts(t, engine{}.Validate) }

func TestSpecificationRefusesStrangers(t *testing.T) { spectest.RefusesStrangers(t, engine{}.Validate) }
