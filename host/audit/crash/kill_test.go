package crash

import (
	"fmt"
	"maps"
	"testing"
	"time"
)

// maxKept is how many entries a log may get before the next round begins another.
const maxKept = 5_000

func TestKilledHostLosesNothing(t *testing.T) {
	seed := seeded(t)
	j, acked, total := newJob(t), acks{}, 0
	rounds := length(30, 1000)
	for round := range rounds {
		r := chance(seed, round)
		j.Life = fmt.Sprint(round)
		j.Producers = []int{1, 4, 64}[r.IntN(3)]
		j.Segment, j.Prune = 1, r.IntN(2) == 0
		o := run(t, j, time.Duration(5+r.IntN(60))*time.Millisecond)
		if o.code != killed {
			t.Fatalf("round %d: the child ended by itself, with code %d: %s", round, o.code, o.words)
		}
		maps.Copy(acked, o.acked)
		total += len(o.acked)
		if err := check(j, acked); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if len(acked) > maxKept {
			j, acked = newJob(t), acks{}
		}
	}
	t.Logf("%d kills, %d entries acknowledged, none lost", rounds, total)
}
