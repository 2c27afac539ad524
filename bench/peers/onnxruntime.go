//go:build wasmtime

package peers

import (
	"bytes"
	"context"
	"fmt"

	ort "github.com/yalue/onnxruntime_go"

	"bulkhead/bench/onnx"
)

// ONNXVersion is that of the library that OpenONNX has loaded.
func ONNXVersion() string { return ort.GetVersion() }

// OpenONNX loads the library, once a process.
func OpenONNX(library string) error {
	if ort.IsInitialized() {
		return nil
	}
	ort.SetSharedLibraryPath(library)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return fmt.Errorf("onnxruntime: loading %s: %w", library, err)
	}
	return nil
}

// A Session is a model that onnxruntime has loaded, on one thread.
type Session struct {
	session *ort.AdvancedSession
	in, out []tensor
}

// A tensor is a value of the library with its bytes. A scalar has none: it is set when the session is made.
type tensor struct {
	ort.Value
	data []byte
}

// NewSession loads a model. Its tensors are made once, which is the fastest way that the binding has.
func NewSession(model []byte, inputs, outputs []onnx.Value) (*Session, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer o.Destroy()
	if err := o.SetIntraOpNumThreads(1); err != nil {
		return nil, err
	}
	if err := o.SetInterOpNumThreads(1); err != nil {
		return nil, err
	}
	s := &Session{}
	var inNames, outNames []string
	var in, out []ort.Value
	for _, v := range inputs {
		t, err := newTensor(v)
		if err != nil {
			return nil, err
		}
		s.in, in, inNames = append(s.in, t), append(in, t.Value), append(inNames, v.Name)
	}
	for _, v := range outputs {
		t, err := newTensor(v)
		if err != nil {
			return nil, err
		}
		s.out, out, outNames = append(s.out, t), append(out, t.Value), append(outNames, v.Name)
	}
	s.session, err = ort.NewAdvancedSessionWithONNXData(model, inNames, outNames, in, out, o)
	if err != nil {
		return nil, fmt.Errorf("onnxruntime: %w", err)
	}
	return s, nil
}

// newTensor makes room for a value. A scalar has the one that the model's user gives: see onnx.Value.
func newTensor(v onnx.Value) (tensor, error) {
	if v.Shape == nil {
		t, err := ort.NewScalar(v.Scalar)
		return tensor{t, nil}, err
	}
	size := map[onnx.Type]int{onnx.Float: 4, onnx.Uint8: 1, onnx.Int8: 1, onnx.Int32: 4, onnx.Int64: 8}[v.Type]
	shape := ort.NewShape()
	for _, d := range v.Shape {
		shape = append(shape, int64(d))
		size *= d
	}
	// The numbers of element types are the same in onnx.proto and in onnxruntime's C header.
	t, err := ort.NewCustomDataTensor(shape, bytes.Repeat([]byte{0}, size), ort.TensorElementDataType(v.Type))
	if err != nil {
		return tensor{}, err
	}
	return tensor{t, t.GetData()}, nil
}

// Call is a Caller: the request is all inputs one after another, the answer all outputs.
func (s *Session) Call(_ context.Context, dst, request []byte) ([]byte, error) {
	for _, t := range s.in {
		if len(request) < len(t.data) {
			return nil, fmt.Errorf("onnxruntime: the request is %d bytes too short", len(t.data)-len(request))
		}
		request = request[copy(t.data, request):]
	}
	if err := s.session.Run(); err != nil {
		return nil, err
	}
	for _, t := range s.out {
		dst = append(dst, t.data...)
	}
	return dst, nil
}

// Close frees the session and its tensors.
func (s *Session) Close() {
	_ = s.session.Destroy() // it frees in any case
	for _, t := range append(s.in, s.out...) {
		_ = t.Destroy()
	}
}
