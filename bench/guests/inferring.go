package guests

import (
	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// Inferences is how often Inferring asks its model.
const Inferences = 8

// inferredAt has the model's answer.
const inferredAt = 2048

// Inferring gives its request, of up to 4 KiB, to its first model, Inferences times, and answers the last answer, of up to
// 2 KiB.
func Inferring() []byte {
	const count, got = 2, 3
	m := &w.Module{}
	infer := m.Import(abi.Module, "infer", wasm.Signature("iiiii", "i"))
	ask := join(w.I32(0), w.Get(0), w.Get(1), w.I32(inferredAt), w.I32(answerAt-inferredAt), w.Call(infer), w.Set(got))
	body := join([]byte{1, 2, byte(wasm.I32)}, repeat(count, Inferences, ask),
		w.Get(got), []byte{0xad}, w.I64(inferredAt<<32), w.Do(w.Add64), []byte{0x0b}) // i64.extend_i32_u
	return finish(m, 1, m.RawFunc(wasm.Signature("ii", "I"), body))
}
