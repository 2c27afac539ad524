package wasm

// Structural limits. An engine's compiler takes time and memory that grow faster than some of these numbers, so that a
// small file can cost minutes; below them the worst known function takes wazero's compiler about a second. Stock Go, Rust,
// C, AssemblyScript and Zig guests stay well below all of them (stock Go: 1,145 targets, 984 blocks, 3 loops, 21 locals).
const (
	MaxSize      = 16 << 20 // bytes of the file
	MaxName      = 1 << 10  // bytes of the name of an import, export or custom section
	MaxTypes     = 10_000
	MaxValues    = 64 // parameters or results of one type
	MaxFunctions = 100_000
	MaxEntries   = 10_000  // imports, exports, globals, each
	MaxSegments  = 100_000 // element or data segments, each
	MaxTables    = 16
	MaxElements  = 100_000   // of one table, 8 bytes each, or of all segments: wazero takes 100 bytes for each of these
	MaxBody      = 128 << 10 // bytes of one function
	MaxLocals    = 10_000    // of one function, parameters included
	MaxNesting   = 1_024     // of blocks in one function
	MaxBlocks    = 10_000    // in one function
	MaxLoops     = 1_000     // in one function
	MaxBulk      = 1_000     // table.init, .copy, .fill, .grow and memory.init in one function: an engine makes loops of them
	MaxTargets   = 50_000    // of all br_table of one function
	MaxPhis      = 1_000_000 // locals times blocks of one function
	MaxLoopPhis  = 100_000   // locals, and LoopLocals more, times loops of one function
	LoopLocals   = 32        // a thousand loops without a local take wazero 80 ms as well
	PageLimit    = 1 << 16   // pages of 64 KiB in 4 GiB

	// Sums over all functions: a file of 16 MiB has room for a thousand of the worst ones. Stock Go of 13 MB: 32,000 locals,
	// 1,800,000 locals times blocks, 190,000 locals times loops, and no instruction that makes several values.
	MaxAllLocals   = 500_000 // beside parameters: three bytes declare 10,000, of which wazero takes 70 bytes each
	MaxAllPhis     = 8_000_000
	MaxAllLoopPhis = 1_000_000
	MaxAllTargets  = 500_000
	MaxAllBulk     = 10_000
	MaxMulti       = 100_000 // values of calls and blocks beyond their first: two bytes can make 64
)
