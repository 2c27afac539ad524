package hostile_test

import (
	"testing"

	"bulkhead/runtimes/runtimetest/hostile"
	"bulkhead/runtimes/wazero"
)

func setups() []hostile.Setup {
	return []hostile.Setup{{Name: "wazero inline", Open: wazero.New}}
}

func TestGenerated(t *testing.T) { hostile.Run(t, hostile.Generated(), setups(), true) }
