package wasm

// Fuel. One unit is about one simple instruction. An instruction's weight is charged before it runs, at the last charge
// point that every path to it has passed; what its work depends on an operand for is charged by that operand.
const (
	weightMemory = 2 // loads and stores, globals, table.get and .set
	weightCall   = 4
	weightSlow   = 8 // division, square root, indirect calls
	weightBulk   = 16
	weightRef    = 4096 // ref.func: wazero takes 48 bytes of the host's memory for each, outside of any limit
)

// weight returns the static cost of an instruction. What only shapes the code is free; branches and calls are not, so that
// nothing can go round for nothing.
func weight(op int) uint32 {
	switch {
	case op <= opEnd || op == opDrop:
		return 0
	case op == opCall:
		return weightCall
	case op == opCallIndirect:
		return weightSlow
	case op == opRefFunc:
		return weightRef
	case op >= opGlobalGet && op <= opMemorySize-1:
		return weightMemory
	case op >= 0x6d && op <= 0x70 || op >= 0x7f && op <= 0x82, op == 0x91, op == 0x95, op == 0x9f, op == 0xa3: // div, rem, sqrt
		return weightSlow
	case op == opMemoryGrow || op >= opMemoryInit && op < opVector<<8:
		return weightBulk
	case op >= opVector<<8 && op <= opVector<<8|11, op >= opVector<<8|84 && op <= opVector<<8|93: // loads and stores
		return weightMemory
	}
	return 1
}
