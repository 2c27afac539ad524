package report

import "testing"

func TestTick(t *testing.T) {
	for ns, want := range map[float64]string{0: "0", 10: "10 ns", 1000: "1 µs", 1.5e6: "1.5 ms", 1e8: "100 ms", 2e10: "20 s"} {
		if got := tick(ns); got != want {
			t.Errorf("%v ns is %q, want %q", ns, got, want)
		}
	}
	if got := times(0.1); got != "0.1x" {
		t.Error(got)
	}
}
