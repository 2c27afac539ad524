//go:build !amd64

package crash

// Tracing knows the registers of amd64 only: elsewhere the tests that trace are not built.
type order struct{}

func trace(order) int { return exitTracer }
