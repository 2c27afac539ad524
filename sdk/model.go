package sdk

// Model makes the plugin a model plugin: h takes the input tensors and gives the output tensors, as raw bytes in the
// order, types and shapes of the descriptor (see abi.Tensor). Call it once, in init.
//
// in is the host's buffer: h may overwrite it, and must not keep it. The answer may be a buffer that h uses again in the
// next call.
func Model(h func(in []byte) ([]byte, error)) { register(h) }
