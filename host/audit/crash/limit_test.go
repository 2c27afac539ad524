package crash

import (
	"testing"
)

// A device that takes no more: the kernel's own limit on the size of a file.
func TestFullDeviceFailsClosed(t *testing.T) {
	j := newJob(t)
	j.Life, j.Producers, j.FileSize = "full", 4, 100_001 // more than the reserve, less than a segment
	o := run(t, j, 0)
	if o.code != exitFailed || o.revived {
		t.Fatalf("the child ended with code %d: %s", o.code, o.words)
	}
	if len(o.acked) < 10 || o.denied == 0 {
		t.Errorf("%d entries before the limit, %d refused", len(o.acked), o.denied)
	}
	if err := check(j, o.acked); err != nil {
		t.Fatal(err)
	}
	if !clean(j) {
		t.Error("the failing log left a torn tail")
	}
}
