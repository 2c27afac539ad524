package wasmbuild

import (
	"encoding/binary"
	"math"
)

func u32(n uint32) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func signed(n int64) []byte {
	var out []byte
	for ; n < -64 || n > 63; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n)&0x7f)
}

// Instructions, named after their text format.

// I32 is i32.const.
func I32(n uint32) []byte { return join([]byte{0x41}, signed(int64(int32(n)))) }

// I64 is i64.const.
func I64(n uint64) []byte { return join([]byte{0x42}, signed(int64(n))) }

// F64 is f64.const.
func F64(f float64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{0x44}, math.Float64bits(f))
}

// Get is local.get.
func Get(local uint32) []byte { return join([]byte{0x20}, u32(local)) }

// Set is local.set.
func Set(local uint32) []byte { return join([]byte{0x21}, u32(local)) }

// Tee is local.tee.
func Tee(local uint32) []byte { return join([]byte{0x22}, u32(local)) }

// GlobalGet is global.get.
func GlobalGet(global uint32) []byte { return join([]byte{0x23}, u32(global)) }

// GlobalSet is global.set.
func GlobalSet(global uint32) []byte { return join([]byte{0x24}, u32(global)) }

// Call is call.
func Call(function uint32) []byte { return join([]byte{0x10}, u32(function)) }

// CallIndirect is call_indirect through table 0; t is a type index.
func CallIndirect(t uint32) []byte { return join([]byte{0x11}, u32(t), []byte{0}) }

// RefFunc is ref.func.
func RefFunc(function uint32) []byte { return join([]byte{0xd2}, u32(function)) }

// TableSet is table.set of table 0.
func TableSet() []byte { return []byte{0x26, 0} }

// TableGet is table.get of table 0.
func TableGet() []byte { return []byte{0x25, 0} }

// NullFunc is ref.null func.
func NullFunc() []byte { return []byte{0xd0, 0x70} }

// IsNull is ref.is_null.
func IsNull() []byte { return []byte{0xd1} }

// Fill is memory.fill.
func Fill() []byte { return []byte{0xfc, 0x0b, 0} }

// Load8 is i32.load8_u.
func Load8(offset uint32) []byte { return join([]byte{0x2d, 0}, u32(offset)) }

// Load32 is i32.load, unaligned.
func Load32(offset uint32) []byte { return join([]byte{0x28, 0}, u32(offset)) }

// Load64 is i64.load, unaligned.
func Load64(offset uint32) []byte { return join([]byte{0x29, 0}, u32(offset)) }

// LoadF64 is f64.load, unaligned.
func LoadF64(offset uint32) []byte { return join([]byte{0x2b, 0}, u32(offset)) }

// Store32 is i32.store, unaligned.
func Store32(offset uint32) []byte { return join([]byte{0x36, 0}, u32(offset)) }

// If is if without result; then ends with its own end.
func If(then ...[]byte) []byte { return join([]byte{0x04, 0x40}, join(then...), []byte{0x0b}) }

// Loop is loop without result.
func Loop(body ...[]byte) []byte { return join([]byte{0x03, 0x40}, join(body...), []byte{0x0b}) }

// Br is br.
func Br(depth uint32) []byte { return join([]byte{0x0c}, u32(depth)) }

// BrIf is br_if.
func BrIf(depth uint32) []byte { return join([]byte{0x0d}, u32(depth)) }

// An Op is an instruction without immediates.
type Op byte

// Opcodes of Op.
const (
	Unreachable Op = 0x00
	Drop        Op = 0x1a
	Equal32     Op = 0x46
	Add32       Op = 0x6a
	Div32       Op = 0x6e // unsigned
	Add64       Op = 0x7c
	Or64        Op = 0x84
	Shl64       Op = 0x86
	Extend      Op = 0xad // i64.extend_i32_u
)

// Do is an instruction without immediates.
func Do(op Op) []byte { return []byte{byte(op)} }

// Size is memory.size.
func Size() []byte { return []byte{0x3f, 0} }

// Grow is memory.grow.
func Grow() []byte { return []byte{0x40, 0} }

// TableGrow is table.grow of table 0, by as many null functions as the code of delta says.
func TableGrow(delta []byte) []byte { return join([]byte{0xd0, 0x70}, delta, []byte{0xfc, 0x0f, 0}) }

// Pack makes an answer of the address and the length on the stack, in that order: address << 32 | length. It needs one
// i32 local.
func Pack(local uint32) []byte {
	return join(Set(local), Do(Extend), I64(32), Do(Shl64), Get(local), Do(Extend), Do(Or64))
}
