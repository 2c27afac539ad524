package main

import "sync"

// A keepsake is compiled code in memory, for one plugin that is loaded more than once by one command. Nobody else has it.
type keepsake struct {
	mu   sync.Mutex
	code map[string][]byte
}

func newKeepsake() *keepsake { return &keepsake{code: map[string][]byte{}} }

// Get implements runtimes.Cache.
func (k *keepsake) Get(key string) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.code[key]
}

// Put implements runtimes.Cache.
func (k *keepsake) Put(key string, code []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.code[key] = code
}
