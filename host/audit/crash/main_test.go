// Package crash tries to make host/audit lose an acknowledged entry: README.md has what is cut and what is promised.
package crash

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// The test binary is also the processes that it ends: a host that does nothing but keep a log, and its tracer.
const (
	asChild  = "BULKHEAD_CRASH_CHILD"  // a job
	asTracer = "BULKHEAD_CRASH_TRACER" // an order
)

func TestMain(m *testing.M) {
	if text := os.Getenv(asTracer); text != "" {
		os.Exit(trace(decoded[order](text)))
	}
	if text := os.Getenv(asChild); text != "" {
		os.Exit(child(decoded[job](text)))
	}
	flag.Bool("full", false, "run everything at full length")
	flag.Uint64("seed", 0, "begin with this seed instead of a random one")
	flag.Int("only", 0, "run this many rounds and no more")
	os.Exit(m.Run())
}

func decoded[T any](text string) (v T) {
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return v
}

func encoded(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only the plain structs of this package come here
	}
	return string(data)
}

func setting[T any](name string) T {
	return flag.Lookup(name).Value.(flag.Getter).Get().(T)
}

// length is how much of a test to run.
func length(short, full int) int {
	switch {
	case setting[int]("only") > 0:
		return setting[int]("only")
	case setting[bool]("full"):
		return full
	}
	return short
}

// seeded returns the seed of this run, which the test's failure shows.
func seeded(t *testing.T) uint64 {
	t.Helper()
	seed := setting[uint64]("seed")
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("once more: go test -tags peers ./host/audit/crash -run '^%s$' -args -seed %d", t.Name(), seed)
	return seed
}

// chance is the randomness of one round, told by the run's seed.
func chance(seed uint64, round int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(round))) }
