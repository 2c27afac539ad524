package peers

// Guests that call their host import one function, of the type of the ABI's audit: (address, length) -> 0 or an error.
const (
	HostModule   = "bulkhead_v1"
	HostFunction = "audit"
	ReadFunction = "read" // (slot, offset, address, room) -> what is left from offset on
)

// A HostFunc is what it does. data is guest memory.
type HostFunc func(data []byte) error

// A World is what a guest finds outside of itself. Its zero value is nothing.
type World struct {
	Host  HostFunc // nil: there is no HostFunction
	Asset []byte   // nil: there is no ReadFunction
}

const notFound = -7 // abi.ErrNotFound

// call is HostFunction on guest memory.
func (w World) call(memory []byte, at, n uint32) int32 {
	if uint64(at)+uint64(n) > uint64(len(memory)) || w.Host(memory[at:uint64(at)+uint64(n)]) != nil {
		return 1
	}
	return 0
}

// read is ReadFunction on guest memory.
func (w World) read(memory []byte, slot, offset, at, room uint32) int32 {
	if slot != 0 || uint64(offset) > uint64(len(w.Asset)) || uint64(at)+uint64(room) > uint64(len(memory)) {
		return notFound
	}
	copy(memory[at:uint64(at)+uint64(room)], w.Asset[offset:])
	return int32(len(w.Asset) - int(offset))
}

// config is what a guest gets that takes any.
const config = "{}"
