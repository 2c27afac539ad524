package sdk

const roomForOutput = 4096

// Infer runs the model at position model of the descriptor's models on the input tensors in, and returns its output
// tensors, as raw bytes (see abi.Tensor). It needs the capability infer.
func Infer(model uint32, in []byte) ([]byte, error) {
	return collect(roomForOutput, func(out []byte) int32 { return hostInfer(model, in, out) })
}
