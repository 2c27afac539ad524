package vad

import "testing"

// BenchmarkFrame is one frame through the sandbox: clean instance, metering, copies.
func BenchmarkFrame(b *testing.B) {
	weights, request := readWeights(b), read(b, "testdata/frame.f32")
	for _, v := range variants() {
		b.Run(v.name, func(b *testing.B) {
			m := v.mustLoad(b, weights)
			answer := make([]byte, 0, answerSize)
			for b.Loop() {
				var err error
				answer, err = m.Call(b.Context(), answer[:0], request)
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
