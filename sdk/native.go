//go:build !wasip1

package sdk

import (
	"encoding/binary"
	"errors"
	"math"

	"bulkhead/abi"
	"bulkhead/sdk/internal/native"
)

// The counterpart of guest_wasip1.go: the same host functions over the fake host of a test, with the same kept result.

// Native returns the plugin's entry points for sdktest, which alone can use them: the type is internal.
func Native() native.Guest {
	return native.Guest{Configure: nativeConfigure, Handle: nativeHandle}
}

// kept is the last answer of sign, attest or infer that did not fit, of the running call.
var kept []byte

func nativeConfigure(config []byte) error { return flatten(configure(config)) }

func nativeHandle(request []byte) ([]byte, error) {
	kept = nil
	answer, err := bounded(handle(request))
	return answer, flatten(err)
}

// flatten leaves of an error what crosses the sandbox: its text.
func flatten(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(string(errorText(err)))
}

func hostLog(level uint32, line []byte) {
	native.Current().Capability(abi.Log, level, line)
}

func hostAudit(object []byte) int32 {
	_, err := native.Current().Capability(abi.Audit, 0, object)
	return errno(err)
}

func hostSign(key uint32, message, out []byte) int32 { return keep(abi.Sign, key, message, out) }

func hostAttest(nonce, out []byte) int32 { return keep(abi.Attest, 0, nonce, out) }

func hostInfer(model uint32, in, out []byte) int32 { return keep(abi.Infer, model, in, out) }

func hostRead(slot, offset uint32, out []byte) int32 {
	asset, err := native.Current().Asset(slot)
	if err != nil {
		return errno(err)
	}
	return serve(asset, offset, out)
}

func hostResult(offset uint32, out []byte) int32 {
	if kept == nil {
		return int32(abi.ErrNotFound)
	}
	return serve(kept, offset, out)
}

func hostProgress(done, total float64) {
	var in []byte
	in = binary.LittleEndian.AppendUint64(in, math.Float64bits(done))
	in = binary.LittleEndian.AppendUint64(in, math.Float64bits(total))
	native.Current().Capability(abi.Progress, 0, in)
}

func keep(c abi.Capability, slot uint32, in, out []byte) int32 {
	answer, err := native.Current().Capability(c, slot, in)
	if err != nil {
		return errno(err)
	}
	if copy(out, answer) < len(answer) {
		kept = answer
	}
	return int32(len(answer))
}

func serve(whole []byte, offset uint32, out []byte) int32 {
	if uint64(offset) >= uint64(len(whole)) {
		return 0
	}
	copy(out, whole[offset:])
	return int32(len(whole) - int(offset))
}

func errno(err error) int32 {
	if err == nil {
		return 0
	}
	return int32(abi.ErrnoOf(err))
}
