package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"bulkhead/bench/models"
	"bulkhead/bench/native"
	"bulkhead/bench/report"
)

// A product is a kernel of the guest of kernels, with its number there.
type product struct {
	kernel int
	models.Product
	repeat int // in one call, so that the call itself does not matter
}

func products() (all []product) {
	for _, n := range []int{256, 512, 1024} {
		repeat := max(1, 64*256*256/(n*n)/4)
		all = append(all, product{0, models.Product{N: n}, repeat}, product{1, models.Product{N: n, Int8: true}, repeat})
	}
	for _, n := range []int{128, 256} {
		all = append(all, product{2, models.Product{N: n, GEMM: true}, 1}, product{3, models.Product{N: n, GEMM: true, Int8: true}, 1})
	}
	return all
}

func (p product) name() string { return fmt.Sprintf("%s-%d", p.kind(), p.N) }

func (p product) kind() string {
	return map[bool]string{false: "gemv", true: "gemm"}[p.GEMM] + map[bool]string{false: "-f32", true: "-int8"}[p.Int8]
}

func (p product) title() string {
	return fmt.Sprintf("%s %s, %d by %d", map[bool]string{false: "GEMV", true: "GEMM"}[p.GEMM], map[bool]string{false: "f32", true: "int8"}[p.Int8], p.N, p.N)
}

// request is what the guest of kernels takes: kernel, M, N, K, repetitions.
func (p product) request() (b []byte) {
	columns := 1
	if p.GEMM {
		columns = p.N
	}
	for _, n := range []int{p.kernel, p.N, columns, p.N, p.repeat} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b
}

// kernels compares products of matrices: the kernel alone, so many in one call that the call does not matter.
func (b *bench) kernels(ctx context.Context) error {
	w, err := b.kernelWork()
	if err != nil {
		return err
	}
	runners, err := b.openAll(ctx, b.everywhere(w, noReset))
	if err != nil {
		return err
	}
	for _, p := range products() {
		t, err := b.product(ctx, runners, p)
		if err != nil {
			return err
		}
		if p.name() == "gemv-int8-512" {
			b.aimRatio(t, "int8 512x512 GEMV over gcc -O3 -march=native, wasmtime with relaxed SIMD", 1, place{engine: onWasmtime}.String()+noReset, nameNative)
		}
	}
	return nil
}

// openAll opens everybody, once for all products.
func (b *bench) openAll(ctx context.Context, all []entry) ([]entry, error) {
	for i, e := range all {
		c, err := e.open(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
		all[i].open = opened(c)
	}
	return all, nil
}

func (b *bench) product(ctx context.Context, runners []entry, p product) (*report.Table, error) {
	model, in, out := p.ONNX()
	entries := []entry{
		{name: nameNative, open: onNative(native.Plain), of: p.repeat},
		{name: nameONNX, open: b.onONNX(model, in, out), request: p.Request()},
	}
	var want []byte
	for _, e := range runners {
		if e.name == alone(onWazero) {
			call, err := e.open(ctx)
			if err != nil {
				return nil, err
			}
			if want, err = call(ctx, nil, p.request()); err != nil {
				return nil, err
			}
		}
		e.of = p.repeat
		entries = append(entries, e)
	}
	return b.compare(ctx, comparison{
		name: p.name(), title: p.title(), base: nameNative, request: p.request(), entries: entries,
		notes: fmt.Sprintf("The kernel alone: %d in one call of the guest; onnxruntime is called once for each. All answers have the same checksum, onnxruntime's are right for numbers of its own.", p.repeat),
		check: func(answer []byte) error { return p.right(answer, want) },
	})
}

// right says whether an answer is the checksum, or onnxruntime's whole answer.
func (p product) right(answer, want []byte) error {
	if len(answer) == len(p.Answer()) {
		return equals(p.Answer())(answer)
	}
	if len(answer) != 8 || len(want) != 8 {
		return fmt.Errorf("an answer of %d bytes", len(answer))
	}
	got, sum := math.Float64frombits(binary.LittleEndian.Uint64(answer)), math.Float64frombits(binary.LittleEndian.Uint64(want))
	if off := math.Abs(got-sum) / math.Abs(sum); !(off < 1e-5) || p.Int8 && off != 0 {
		return fmt.Errorf("a checksum of %v, want %v", got, sum)
	}
	return nil
}
