package worker

// version of the protocol. It MUST rise with every change: host and worker may be two programs.
const version = 2

// What the host sends. A worker gets one of them, does it, and waits for the next.
const (
	opLoad  = iota + 1 // load the program in time; arg 1: and keep new code to be fetched
	opFetch            // send the next piece of code
	opCall             // answer the request of n bytes in time
	opReply            // the capability's answer of n bytes; arg: its errno without the sign, or replyOver
)

// replyOver says that the call is over: its caller has given it up, or its time has passed.
const replyOver = 1 << 16

// What a worker sends.
const (
	opHello   = iota + 101 // the sandbox stands; arg: version, key: layers, memory: Landlock's ABI, time: bytes of the engine's name, then words on what is missing
	opReady                // loaded; time: bytes of new code
	opRefused              // not loaded; arg: failure, key: bytes of the reason, in front of the text
	opPiece                // the next n bytes of code
	opAnswer               // n bytes
	opFailed               // arg: failure, n bytes of text
	opAsk                  // a capability; arg: which, key: slot, n bytes of input
)
