package sdk

import (
	"encoding/json"
	"runtime"
)

// headroom is the memory that the guest's collector has beside what the plugin holds, in bytes: that of some requests.
const headroom = 2 << 20

// learn has encoding/json look at the types of a role's messages before the snapshot, and makes room for the garbage of a
// call. What json finds out it keeps; without this each call, which knows nothing of the ones before, finds it out anew. And
// a guest whose memory grows in a call costs the host its instance.
func learn[Q, A any]() {
	meet[Q]()
	meet[A]()
	room := make([]byte, headroom)
	runtime.KeepAlive(room)
	runtime.GC()
}

func meet[T any]() {
	var v T
	text, err := json.Marshal(v)
	if err != nil { // it has no JSON while it is empty
		text = []byte("{}")
	}
	_ = json.Unmarshal(text, &v) // nobody reads it
}
