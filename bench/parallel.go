package main

import (
	"context"
	"fmt"

	"bulkhead/bench/models"
)

// parallel compares one caller with two at the same time: an empty call would show locks, a model what is left of the
// second processor.
func (b *bench) parallel(ctx context.Context) error {
	d, err := models.ReadDigits(b.root)
	if err != nil {
		return err
	}
	picture, err := b.picture()
	if err != nil {
		return err
	}
	want, err := d.Predict(nil, picture)
	if err != nil {
		return err
	}
	w, err := b.digitsInt()
	if err != nil {
		return err
	}
	var entries []entry
	for _, e := range b.withNative(d, b.everywhere(w, clean)) {
		if e.name == nameGo || e.name == nameInterpreter {
			continue
		}
		shared := e.name == nameNative || e.name == nameGRPC
		for _, at := range places() {
			shared = shared || e.name == at.String()+clean
		}
		for callers := 1; callers <= 2; callers++ {
			x := e
			x.name, x.callers, x.own = parallelName(e.name, callers), callers, !shared
			entries = append(entries, x)
		}
	}
	t, err := b.compare(ctx, comparison{
		name: "parallel", title: "One caller and two", base: parallelName(nameNative, 1), request: picture, entries: entries,
		notes: "The digits network: plugins/digits in int8; native code, onnxruntime and go-plugin in f32. The time of all calls over their number, so that two callers who do not hinder each other take half. " +
			"Ours serve both from one module with two instances; where an instance serves one caller alone, each has its own.",
		check: func(answer []byte) error { return models.Near(answer, want, sameInt) },
	})
	if err == nil {
		for _, at := range inline() {
			b.aimRatio(t, fmt.Sprintf("two callers over one, %s", at), noAim, parallelName(at.String()+clean, 2), parallelName(at.String()+clean, 1))
		}
	}
	return err
}

func parallelName(name string, callers int) string {
	return fmt.Sprintf("%s, %d caller%s", name, callers, map[bool]string{true: "s"}[callers > 1])
}
