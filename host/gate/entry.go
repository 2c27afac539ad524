package gate

import (
	"context"
	"encoding/json"
)

// An Outcome is how an entry's action ended.
type Outcome string

// The outcomes. Partial is written at start for every decision that a crash left without its result.
const (
	Success Outcome = "success"
	Failure Outcome = "failure"
	Partial Outcome = "partial"
)

// A Kind says what an entry is about.
type Kind string

// The kinds of entry.
const (
	// KindDecision: a known caller was allowed (Success; durable before anything runs, and exactly one KindResult of the
	// same Call follows) or refused (Failure; nothing ran and nothing follows).
	KindDecision   Kind = "decision"
	KindResult     Kind = "result"     // how an allowed call ended; durable before the answer leaves
	KindCapability Kind = "capability" // a plugin used sign, attest, audit or infer, or more than its quota of any
	KindHost       Kind = "host"       // the host did something of its own accord (start, stop, load), learnt who a caller is, or showed itself to an administrator
	KindStrangers  Kind = "strangers"  // a counted summary of refused peers
)

// An Entry is one line of the log. The log itself sets ID, Timestamp, PreviousHash and Signature.
type Entry struct {
	ID           string  `json:"id"`        // UUIDv7
	Timestamp    string  `json:"timestamp"` // RFC 3339, UTC, six digits of fraction
	Actor        string  `json:"actor"`     // principal, plugin/ALIAS, system/host, or system/uid:N for an administrator
	Action       string  `json:"action"`
	Resource     string  `json:"resource"`
	Outcome      Outcome `json:"outcome"`
	TraceID      string  `json:"trace_id"`
	PreviousHash string  `json:"previous_hash"` // hex SHA-256 of the entry before; 64 zeros in the first

	Kind        Kind            `json:"kind"`
	Event       Event           `json:"event"` // what happened, by its name in the catalogue
	Call        string          `json:"call,omitempty"`
	Parent      string          `json:"parent_id,omitempty"`   // W3C trace context: the caller's span, 16 hex digits
	Reason      string          `json:"reason,omitempty"`      // why, in words that the host escaped
	Plugins     []PluginRef     `json:"plugins,omitempty"`     // those that took part
	Workers     []WorkerRef     `json:"workers,omitempty"`     // programs beside the host's own in which plugins run; at start and stop
	Request     string          `json:"request,omitempty"`     // hex SHA-256(salt || RFC 8785 form of the params)
	Response    string          `json:"response,omitempty"`    // the same of the result without its receipt
	Verdict     *Verdict        `json:"decision,omitempty"`    // of a result: what the policies said before and after
	Grants      []string        `json:"grants,omitempty"`      // of a result: the capabilities that its plugins used, each once
	Micros      int64           `json:"micros,omitempty"`      // duration in microseconds
	Fuel        uint64          `json:"fuel,omitempty"`        // units that policies, tool and models used; the auth plugin serves no single call
	Reported    bool            `json:"reported,omitempty"`    // of the fuel, at least a part is a worker's word
	Count       int64           `json:"count,omitempty"`       // strangers, quotas: how many refusals
	First       string          `json:"first,omitempty"`       // strangers, quotas: time of the first
	Last        string          `json:"last,omitempty"`        // strangers, quotas: time of the last
	Detail      json.RawMessage `json:"detail,omitempty"`      // a plugin's audit object, strictly decoded and small
	Development bool            `json:"development,omitempty"` // the host holds development keys
	Signature   string          `json:"signature,omitempty"`   // base64, of the log over the entry without it; of events signed one by one
}

// A Verdict is what the policies said of a call that began.
type Verdict struct {
	Outcome string `json:"outcome"`          // allow; redact or deny if a policy of phase after changed or withheld the answer
	Reason  string `json:"reason,omitempty"` // of the last policy before the call, then of each that redacted or denied after it
}

// A PluginRef names the code that took part in a call.
type PluginRef struct {
	Alias  string `json:"alias"`
	Digest string `json:"digest"` // of the bundle, which covers all of its files

	Backend string `json:"backend,omitempty"` // what ran it: backend/isolation, such as wazero/process

	Module       string `json:"module,omitempty"`        // of two modules in the bundle, the file that ran
	ModuleDigest string `json:"module_digest,omitempty"` // its SHA-256 in hex
}

// A WorkerRef names the program that runs the plugins of one backend.
type WorkerRef struct {
	Backend string `json:"backend"`
	Digest  string `json:"digest"`
}

// A Receipt names an entry that has become durable.
type Receipt struct {
	Entry string // the entry's id
	Index uint64 // its place in the log, from 0
	Hash  string // hex SHA-256 of the entry's bytes

	Prover Prover // nil: the log gives no proofs
}

// A Prover proves that one entry is in the log.
type Prover interface {
	// Prove returns the entry's bytes and a c2sp.org/tlog-proof for them. It may be called once, by any goroutine, and
	// takes as long as signing the entry's batch does, if nobody has asked for that yet.
	Prove() (entry, proof string, err error)
}

// A Proof is a receipt as a client gets it: enough to check offline, with the log's public key, that the entry is in the
// log, and with the salt that the entry speaks of this request and this response.
type Proof struct {
	Entry string `json:"entry"` // the entry's bytes: JSON text
	Salt  string `json:"salt"`  // base64, of both digests in the entry; never logged
	Proof string `json:"proof"` // c2sp.org/tlog-proof@v1
}

// A Log keeps entries for ever.
type Log interface {
	// Append sets the entry's ID, Timestamp and PreviousHash and writes it. When it returns nil the entry is durable:
	// written, flushed to the device, in order. After an error that concerns the device, every later Append fails.
	// Append MUST NOT be abandoned half way by ctx: it may refuse before it starts, not after.
	Append(ctx context.Context, e Entry) (Receipt, error)
}
