//go:build wasmtime

package peers_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"bulkhead/bench/models"
	"bulkhead/bench/native"
	"bulkhead/bench/onnx"
	"bulkhead/bench/peers"
)

const library = "../../.tools/npm/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1"

func session(t *testing.T, model []byte, in, out onnx.Value) *peers.Session {
	t.Helper()
	if err := peers.OpenONNX(library); err != nil {
		t.Fatal(err)
	}
	s, err := peers.NewSession(model, []onnx.Value{in}, []onnx.Value{out})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// onnxruntime reads what package onnx writes, and gets the same digits as Go and C.
func TestDigits(t *testing.T) {
	d, err := models.ReadDigits("../..")
	if err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(filepath.Join("../../plugins/digits/testdata/seven.f32"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := d.Predict(nil, picture)
	if err != nil {
		t.Fatal(err)
	}
	asset, err := os.ReadFile("../../plugins/digits/weights.i8.bin")
	if err != nil {
		t.Fatal(err)
	}
	model, in, out, err := models.DigitsIntONNX(asset)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		call peers.Caller
		by   float64
	}{
		{"onnxruntime", digits(t, d), 1e-5}, {"native", native.Digits(d.Bytes()), 1e-5},
		{"onnxruntime, int8", session(t, model, in, out).Call, 0.02}, {"native, int8", native.DigitsInt(asset), 0.02},
	} {
		got, err := tt.call(t.Context(), nil, picture)
		if err == nil {
			err = models.Near(got, want, tt.by)
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func digits(t *testing.T, d *models.Digits) peers.Caller {
	model, in, out := d.ONNX()
	return session(t, model, in, out).Call
}

// Products are equal to the bit, whoever computes them.
func TestProducts(t *testing.T) {
	for _, p := range []models.Product{{N: 64}, {N: 64, Int8: true}, {N: 64, GEMM: true}, {N: 64, GEMM: true, Int8: true}} {
		model, in, out := p.ONNX()
		got, err := session(t, model, in, out).Call(t.Context(), nil, p.Request())
		if err != nil || !bytes.Equal(got, p.Answer()) {
			t.Errorf("%+v, onnxruntime: % .40x: %v", p, got, err)
		}
		weights := p.Weights()
		if p.GEMM && !p.Int8 {
			weights = p.Transposed()
		}
		got, err = native.Kernel{Name: p.Kernel(), Weights: weights, N: p.N}.Call(t.Context(), nil, p.Request())
		if err != nil || !bytes.Equal(got, p.Answer()) {
			t.Errorf("%+v, native: % .40x: %v", p, got, err)
		}
	}
}

func TestIdentity(t *testing.T) {
	model, in, out := models.Identity(16)
	request := bytes.Repeat([]byte("abcd"), 16)
	got, err := session(t, model, in, out).Call(t.Context(), nil, request)
	if err != nil || !bytes.Equal(got, request) {
		t.Errorf("%q: %v", got, err)
	}
}
