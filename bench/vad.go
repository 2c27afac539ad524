package main

import (
	"context"
	"os"
	"path/filepath"

	"bulkhead/bench/models"
	"bulkhead/bench/native"
)

// sameFrame is how far answers may be off.
const sameFrame = 1e-4

// vad compares one frame of speech detection: 32 ms of sound, and the state before it.
func (b *bench) vad(ctx context.Context) error {
	w, err := b.vadWork()
	if err != nil {
		return err
	}
	in := func(name string) (data []byte) {
		if err == nil {
			data, err = os.ReadFile(filepath.Join(b.root, name))
		}
		return data
	}
	frame, want := in("plugins/vad/testdata/frame.f32"), in("plugins/vad/testdata/frame.out.f32")
	silero := in(".tools/npm/node_modules/@ricky0123/vad-web/dist/silero_vad_v5.onnx")
	if err != nil {
		return err
	}
	inputs, outputs := models.Silero()
	t, err := b.compare(ctx, comparison{
		name: "vad", title: "A frame of Silero VAD v5", base: nameONNX, request: frame,
		notes: "32 ms of sound and a state, to a probability and the next state. onnxruntime runs the published file; everybody else this project's own C. " +
			"Answers agree with onnxruntime's within 0.0001.",
		check: func(answer []byte) error { return models.Near(answer, want, sameFrame) },
		entries: append([]entry{
			{name: nameNative, open: onNative(native.VAD(w.asset))},
			{name: nameONNX, open: b.onSession(silero, inputs, outputs)},
		}, b.everywhere(w, clean)...),
	})
	if err != nil {
		return err
	}
	for _, at := range places() {
		b.aimRatio(t, "a VAD frame over onnxruntime, "+at.String(), 2, at.String()+clean, nameONNX)
	}
	return nil
}
