package guest

import (
	"errors"
	"math/rand/v2"
	"testing"

	"bulkhead/runtimes"
)

// The tank counts every unit, whoever uses it, and ends the run at the first over the total: at once where the host
// charges, at the guest's next yield where the guest does.
func TestTank(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var fuel, stack fakeGlobal
		tank := tank{fuel: &fuel, stack: &stack, Fuel: new(Fuel)}
		total := 1 + random.Uint64N(5*Slice)
		tank.fill(total)
		var used uint64
		for {
			units := random.Uint64N(Slice / 2)
			if random.IntN(10) == 0 {
				units *= 20
			}
			used += units
			var err error
			if random.IntN(2) == 0 {
				err = tank.pay(units)
			} else if fuel -= fakeGlobal(units); int64(fuel) < 0 {
				var more uint64
				more, err = tank.next(fuel.Get())
				if err == nil {
					fuel.Set(more)
				}
			}
			if got := tank.used(); got != used {
				t.Fatalf("used %d units, the tank says %d", used, got)
			}
			if over := used > total; over != errors.Is(err, runtimes.ErrLimit) {
				t.Fatalf("used %d units of %d: %v", used, total, err)
			} else if over {
				break
			}
		}
	}
}
