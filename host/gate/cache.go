package gate

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

const (
	maxCached = 4096
	maxAge    = 5 * time.Minute
	clockJump = time.Second // backwards by more is no matter of goroutines that looked at the clock and were overtaken
)

// A callerCache remembers what the auth plugin said about a credential, where the plugin allows it. Its keys are MACs
// under a key of this process, so that a memory image does not hold credentials.
type callerCache struct {
	secret [32]byte
	mu     sync.Mutex
	last   time.Time // the latest time seen since the clock last jumped
	m      map[cacheKey]cached
}

type cacheKey [32]byte

type cached struct {
	caller *Caller
	until  time.Time
}

func newCallerCache() *callerCache {
	c := &callerCache{m: map[cacheKey]cached{}}
	rand.Read(c.secret[:]) // never fails (crypto/rand)
	return c
}

// key binds everything that an answer may depend on. A call without credential is never cached.
func (c *callerCache) key(call *Call, audience, authDigest string) (cacheKey, bool) {
	if call.Credential == nil || call.Credential.Value == "" {
		return cacheKey{}, false
	}
	mac := hmac.New(sha256.New, c.secret[:])
	for _, field := range []string{call.Credential.Scheme, call.Credential.Value, call.Transport, call.Peer, audience, authDigest} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(field)))
		mac.Write(n[:])
		mac.Write([]byte(field))
	}
	var k cacheKey
	mac.Sum(k[:0])
	return k, true
}

// get returns nil for a caller that is unknown or has expired. A clock that jumps backwards empties the cache.
func (c *callerCache) get(k cacheKey, now time.Time) *Caller {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Before(c.last.Add(-clockJump)) {
		clear(c.m)
		c.last = now
	}
	if now.After(c.last) {
		c.last = now
	}
	e, ok := c.m[k]
	if !ok || !now.Before(e.until) {
		delete(c.m, k)
		return nil
	}
	return e.caller
}

func (c *callerCache) put(k cacheKey, caller *Caller, now time.Time) {
	until := caller.expires
	if limit := now.Add(maxAge); limit.Before(until) {
		until = limit
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.m) >= maxCached {
		c.evict(now)
	}
	c.m[k] = cached{caller, until}
}

// empty forgets everybody.
func (c *callerCache) empty() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.m)
}

// evict drops what has expired, and one more if nothing has.
func (c *callerCache) evict(now time.Time) {
	before := len(c.m)
	for k, e := range c.m {
		if !now.Before(e.until) {
			delete(c.m, k)
		}
	}
	for k := range c.m {
		if len(c.m) < before {
			return
		}
		delete(c.m, k)
	}
}
