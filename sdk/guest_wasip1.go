package sdk

import (
	"unsafe"

	"bulkhead/abi"
)

// This file and native.go are the seam: everything above it is the same Go in the sandbox and in a test. A parameter of
// type unsafe.Pointer crosses as a 32-bit address; the compiler takes it to escape, so what it points to lies on the heap,
// which does not move, and lives until the host function returns. An import that nothing calls is dropped by the linker.

//go:wasmimport bulkhead_v1 log
func importLog(level uint32, p unsafe.Pointer, n uint32)

//go:wasmimport bulkhead_v1 audit
func importAudit(p unsafe.Pointer, n uint32) int32

//go:wasmimport bulkhead_v1 sign
func importSign(key uint32, p unsafe.Pointer, n uint32, out unsafe.Pointer, size uint32) int32

//go:wasmimport bulkhead_v1 attest
func importAttest(p unsafe.Pointer, n uint32, out unsafe.Pointer, size uint32) int32

//go:wasmimport bulkhead_v1 infer
func importInfer(model uint32, p unsafe.Pointer, n uint32, out unsafe.Pointer, size uint32) int32

//go:wasmimport bulkhead_v1 read
func importRead(slot, offset uint32, out unsafe.Pointer, size uint32) int32

//go:wasmimport bulkhead_v1 result
func importResult(offset uint32, out unsafe.Pointer, size uint32) int32

//go:wasmimport bulkhead_v1 progress
func importProgress(done, total float64)

func hostLog(level uint32, line []byte) {
	importLog(level, address(line), size(line))
}

func hostAudit(object []byte) int32 {
	return importAudit(address(object), size(object))
}

func hostSign(key uint32, message, out []byte) int32 {
	return importSign(key, address(message), size(message), address(out), size(out))
}

func hostAttest(nonce, out []byte) int32 {
	return importAttest(address(nonce), size(nonce), address(out), size(out))
}

func hostInfer(model uint32, in, out []byte) int32 {
	return importInfer(model, address(in), size(in), address(out), size(out))
}

func hostRead(slot, offset uint32, out []byte) int32 {
	return importRead(slot, offset, address(out), size(out))
}

func hostResult(offset uint32, out []byte) int32 {
	return importResult(offset, address(out), size(out))
}

func hostProgress(done, total float64) { importProgress(done, total) }

func address(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func size(b []byte) uint32 { return uint32(len(b)) }

// What the host knows by address stays reachable: requests until the next input, reply until the next handle or configure.
var (
	requests inbox
	reply    []byte
)

//go:wasmexport bulkhead_v1_input
func exportInput(n uint32) unsafe.Pointer { return address(requests.room(n)) }

//go:wasmexport bulkhead_v1_configure
func exportConfigure(p unsafe.Pointer, n uint32) uint64 {
	in, err := requests.message((*byte)(p), n)
	if err == nil {
		err = configure(in)
	}
	return give(nil, err)
}

//go:wasmexport bulkhead_v1_handle
func exportHandle(p unsafe.Pointer, n uint32) uint64 {
	in, err := requests.message((*byte)(p), n)
	if err != nil {
		return give(nil, err)
	}
	return give(handle(in))
}

// give keeps an answer or an error's text for the host and packs its place.
func give(answer []byte, err error) uint64 {
	answer, err = bounded(answer, err)
	if reply = answer; err != nil {
		reply = errorText(err)
	}
	place := uint32(uintptr(address(reply)))
	return abi.Result{Address: place, Length: size(reply), Failed: err != nil}.Pack()
}
