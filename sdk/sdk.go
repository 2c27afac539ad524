// Package sdk is what a Bulkhead plugin written in Go is made of.
//
// A plugin is a package main that registers one handler in init; main stays empty. This is a whole tool plugin:
//
//	package main
//
//	import (
//		"fmt"
//
//		"bulkhead/abi"
//		"bulkhead/sdk"
//	)
//
//	func main() {}
//
//	func init() {
//		sdk.Configure(configure)
//		sdk.Tool(greet)
//	}
//
//	var greeting = struct {
//		Word string `json:"word"`
//	}{"Hello"}
//
//	func configure(config []byte) error { return sdk.Decode(config, &greeting) }
//
//	func greet(q abi.ToolRequest) (abi.ToolAnswer, error) {
//		var args struct {
//			Name string `json:"name"`
//		}
//		if err := sdk.Decode(q.Arguments, &args); err != nil {
//			return abi.ToolAnswer{}, err
//		}
//		sdk.Log(abi.LevelInfo, "call %s greets %q", q.Call, args.Name)
//		text := fmt.Sprintf("%s, %s!", greeting.Word, args.Name)
//		return abi.ToolAnswer{Content: []abi.Content{sdk.Text(text)}}, nil
//	}
//
// Stock Go builds it, as "host plugin build" does:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags="-s -w" -o plugin.wasm .
//
// The same code compiles natively, so an editor, a debugger and go test work on it; see package sdktest.
//
// # Handlers
//
// [Auth], [Policy], [Tool] and [Model] register the handler of a role; a plugin has one role. [Configure] takes the
// operator's config. Handlers get one request and give one answer or an error. The text of an error, at most
// abi.MaxGuestError bytes, goes to the host's log and never to a client. A panic is a trap: the call fails and the
// instance is thrown away.
//
// # Every call starts from the snapshot
//
// The host runs init and the handler of Configure once, takes a snapshot of the memory, and starts every call from it.
// What a call leaves in a variable is gone in the next, unless plugin.toml has stateful = true, for tools and models, and
// the operator grants it: then the calls of all principals share one instance. Parse, read assets and build tables before
// the snapshot; there, only [Log] and [Asset] work.
//
// Random bytes drawn before the snapshot repeat in every call. Draw them in the handler, from crypto/rand. The seeds of
// math/rand, math/rand/v2, maps and hash/maphash are part of the snapshot: what they give repeats, and is good for
// nothing that an attacker must not guess.
//
// # Host functions
//
// [Log], [Audit], [Sign], [Attest] and [Infer] need a capability each, in the descriptor and in the operator's manifest;
// [Asset] and [Progress] need none. A plugin imports exactly the host functions that its code can reach, and a plugin
// that imports more than it was granted is refused. Failures are the errors of this package, for errors.Is:
//
//	if _, err := sdk.Infer(0, pixels); errors.Is(err, sdk.ErrUnavailable) { ... }
//
// A guest has no files, no sockets and no environment. Standard output goes to the log, if log is granted.
package sdk
