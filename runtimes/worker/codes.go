package worker

import (
	"encoding/binary"
	"maps"
	"slices"
	"sync"
)

// maxCode is how much compiled code a worker may hand to the next ones of its plugin, and to the host's cache.
const maxCode = 64 << 20

// codes is the cache of compiled code inside a worker: it knows what an earlier worker of the plugin compiled, and keeps
// what this one compiles until the host has fetched it. It lives through one Load.
type codes struct {
	mu    sync.Mutex
	known map[string][]byte
	fresh map[string][]byte
}

// Get implements runtimes.Cache.
func (c *codes) Get(key string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[key]
}

// Put implements runtimes.Cache.
func (c *codes) Put(key string, code []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh == nil {
		c.fresh = map[string][]byte{}
	}
	c.fresh[key] = code
}

// bundle returns what was Put, in the form that parseCodes reads: for each code the lengths of key and code, u32
// little-endian, key and code. It is nil if there is nothing, or too much.
func (c *codes) bundle() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []byte
	for _, key := range slices.Sorted(maps.Keys(c.fresh)) {
		code := c.fresh[key]
		if len(out)+8+len(key)+len(code) > maxCode {
			return nil
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(len(key)))
		out = binary.LittleEndian.AppendUint32(out, uint32(len(code)))
		out = append(append(out, key...), code...)
	}
	return out
}

// parseCodes reads what bundle wrote, in this plugin's worker or, through the host's cache, on another day. It takes
// nothing from a damaged bundle.
func parseCodes(b []byte) *codes {
	c := &codes{known: map[string][]byte{}}
	for len(b) > 0 {
		if len(b) < 8 {
			return &codes{}
		}
		key, code := uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
		b = b[8:]
		if key+code > uint64(len(b)) {
			return &codes{}
		}
		c.known[string(b[:key])] = b[key : key+code : key+code]
		b = b[key+code:]
	}
	return c
}
