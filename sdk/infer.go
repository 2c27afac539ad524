package sdk

import "bulkhead/abi"

const roomForOutput = 4096

// Infer runs the model at position model of the descriptor's models on the input tensors in, and returns its output
// tensors, as raw bytes (see abi.Tensor). It needs the capability infer.
//
// A model whose descriptor has batch = N takes 1 to N examples at once: in is one after another, each with all its inputs,
// and the answer is as many, each with all its outputs. Anything that is no whole number of examples, or more than N, is
// ErrInvalid. One call for many examples costs little more than the model's own time.
func Infer(model uint32, in []byte) ([]byte, error) {
	return collect(roomForOutput, func(out []byte) int32 { return hostInfer(model, in, out) })
}

// InferInto is Infer for an answer whose size is known: examples times the bytes of all outputs of one. It goes from the
// model's memory straight to out, and nothing is allocated, here or in the host. It returns how much of out the answer
// fills; one that is longer than out is ErrLimit, and out then has its beginning. in and out may overlap.
func InferInto(model uint32, in, out []byte) (int, error) {
	n := hostInfer(model, in, out)
	switch {
	case n < 0:
		return 0, abi.Errno(n)
	case int(n) > len(out):
		return 0, ErrLimit
	}
	return int(n), nil
}
