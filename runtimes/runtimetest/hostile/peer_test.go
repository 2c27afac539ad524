//go:build peers

package hostile_test

import (
	"testing"

	"bulkhead/runtimes/runtimetest/hostile"
)

// TestPeerHostile runs the whole corpus on every backend and isolation in this binary. It needs what .ci/npm/install
// installs.
func TestPeerHostile(t *testing.T) {
	hostile.Run(t, corpus(t), setups(), testing.Short())
}

func TestPeerInvalid(t *testing.T) { hostile.Invalid(t, corpus(t), validate) }

func corpus(t *testing.T) []*hostile.Attack {
	return append(hostile.Generated(), hostile.Written(t)...)
}
