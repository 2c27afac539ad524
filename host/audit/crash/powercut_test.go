//go:build peers

package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	diskSize  = 32 << 20
	perWriter = 5 // power cuts in one writer's life
)

// Power cuts under a real file system: ext4 on a device with a volatile cache, at any write or flush.
func TestPeerRootPowerCut(t *testing.T) {
	needRoot(t)
	seed := seeded(t)
	image := emptyDisk(t, diskSize)
	cuts, entries, accesses, flushes := length(4, 50), 0, 0, 0
	for round := 0; round < cuts; round += perWriter {
		r := chance(seed, round)
		w := written(t, image, []int{1, 4, 64}[r.IntN(3)], 100+r.IntN(1500))
		entries, accesses = entries+len(w.marks), accesses+w.device.mark()
		flushes += w.device.flushes()
		for range min(perWriter, cuts-round) {
			at := w.begun + r.IntN(w.device.mark()-w.begun) + 1
			if err := w.survives(t, at, w.device.cut(at, r)); err != nil {
				t.Fatalf("round %d, access %d of %d: %v", round, at, w.device.mark(), err)
			}
		}
	}
	if flushes < cuts {
		t.Errorf("only %d flushes reached the device: the cuts prove nothing", flushes)
	}
	t.Logf("%d power cuts in %d accesses under %d entries, nothing lost", cuts, accesses, entries)
}

// A writer is a child that wrote on a device for a while.
type writer struct {
	device *device
	job    job
	said   acks
	marks  map[uint64]int // how many accesses there were when an entry's acknowledgement came
	begun  int            // accesses before the child
}

func written(t *testing.T, image []byte, producers, entries int) *writer {
	t.Helper()
	below, above := t.TempDir(), t.TempDir()
	w := &writer{device: newDevice(t, image, below), marks: map[uint64]int{}, job: newJob(t)}
	must(t, "mount", "-o", "loop", filepath.Join(below, deviceName), above)
	defer must(t, "umount", above)
	w.job.Dir = filepath.Join(above, "audit")
	if err := os.Mkdir(w.job.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	must(t, "sync", "-f", above)
	w.begun = w.device.mark()
	w.job.Life, w.job.Producers, w.job.Segment, w.job.Prune = "w", producers, 16<<10, true
	seen := 0
	o := watch(t, command(t, asChild, w.job), time.Minute, func(o *outcome) bool {
		if len(o.acked) > seen {
			seen = len(o.acked)
			w.marks[o.latest] = w.device.mark()
		}
		return seen >= entries
	})
	if o.code != killed || seen < entries {
		t.Fatalf("the child ended with code %d after %d entries: %s", o.code, len(o.acked), o.words)
	}
	w.said = o.acked
	return w
}

// survives mounts what a power cut left and opens the log there.
func (w *writer) survives(t *testing.T, at int, left []byte) error {
	t.Helper()
	file, above := filepath.Join(t.TempDir(), deviceName), t.TempDir()
	if err := os.WriteFile(file, left, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file)
	must(t, "mount", "-o", "loop", file, above)
	defer must(t, "umount", above)
	j := w.job
	j.Dir = filepath.Join(above, filepath.Base(w.job.Dir))
	promised := acks{}
	for index, mark := range w.marks {
		if mark <= at {
			promised[index] = w.said[index]
		}
	}
	return checkAll(j, promised, w.said)
}

// needRoot ends a test that mounts file systems, where it may not.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test mounts file systems and needs root: run make crash as root")
	}
}

func must(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("%s %v: %w\n%s", name, args, err, out))
	}
}
