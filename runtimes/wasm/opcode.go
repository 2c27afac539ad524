package wasm

// Opcodes that this package treats by name (core spec 5.4).
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableSet     = 0x26
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opRefNull      = 0xd0
	opRefFunc      = 0xd2
	opMisc         = 0xfc // prefix
	opVector       = 0xfd // prefix

	emptyBlock = 0x40
)

// Second opcodes behind opMisc, as an instr has them.
const (
	opMemoryInit = opMisc<<8 | 8 + iota
	opDataDrop
	opMemoryCopy
	opMemoryFill
	opTableInit
	opElemDrop
	opTableCopy
	opTableGrow
	opTableSize
	opTableFill
)

// A form is what follows an opcode.
type form byte

const (
	illegal form = iota
	plain
	blockForm    // a block type
	labelForm    // a label
	tableOfForm  // br_table's labels
	funcForm     // a function
	indirectForm // a type and a table
	localForm
	globalForm
	tableForm
	typesForm  // select's types
	memoryForm // alignment and offset
	zeroForm   // a memory, which is 0
	i32Form
	i64Form
	f32Form
	f64Form
	refForm // a reference type
)

// formOf returns the form of a one-byte opcode of ABI v1.
func formOf(op byte) form {
	switch {
	case op == opBlock || op == opLoop || op == opIf:
		return blockForm
	case op == opBr || op == opBrIf:
		return labelForm
	case op >= opLocalGet && op <= opLocalTee:
		return localForm
	case op == opGlobalGet || op == opGlobalSet:
		return globalForm
	case op == 0x25 || op == opTableSet:
		return tableForm
	case op >= 0x28 && op <= 0x3e:
		return memoryForm
	case op >= 0x45 && op <= 0xc4, op <= 0x01, op == opElse, op == opEnd, op == opReturn, op == opDrop, op == 0x1b, op == 0xd1:
		return plain
	}
	switch op {
	case opBrTable:
		return tableOfForm
	case opCall, opRefFunc:
		return funcForm
	case opCallIndirect:
		return indirectForm
	case 0x1c:
		return typesForm
	case opMemorySize, opMemoryGrow:
		return zeroForm
	case opI32Const:
		return i32Form
	case opI64Const:
		return i64Form
	case opF32Const:
		return f32Form
	case opF64Const:
		return f64Form
	case opRefNull:
		return refForm
	}
	return illegal
}

// feature names what an opcode outside ABI v1 belongs to.
func feature(op byte) string {
	switch op {
	case 0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f:
		return "exceptions"
	case 0x12, 0x13:
		return "tail calls"
	case 0x14, 0x15, 0xd3, 0xd4, 0xd5, 0xd6:
		return "typed function references"
	case 0xfb:
		return "garbage collection"
	case 0xfe:
		return "threads"
	case 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5:
		return "stack switching"
	}
	return "no known feature"
}
