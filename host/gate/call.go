package gate

import (
	"context"
	"encoding/json"
	"time"

	"bulkhead/abi"
)

// A Call is one request, as a gateway decoded it and before anybody believed it.
type Call struct {
	ID         string // UUIDv7; Do and Authenticate fill in an empty one
	Trace      string // W3C trace id, 32 lower-case hex digits; filled in if empty or malformed
	Parent     string // the caller's span in that trace, 16 lower-case hex digits; "": it named none
	Transport  string // "http" or "stdio"
	Peer       string // network address without port, "" on stdio
	Credential *abi.Credential
	Caller     *Caller   // from an earlier Authenticate of the same request; nil: Do authenticates
	Action     string    // MCP method, or a host action such as stream/open
	Resource   string    // MCP tool name; "" where the action has none
	Plugin     string    // signed name of the plugin that will run; "" if none will
	Ref        PluginRef // its alias and digest
	Arguments  json.RawMessage
	Params     json.RawMessage // the request's params, for the request digest; nil: Arguments
	Receipt    bool            // the client will get a receipt
	Check      func() error    // validates the arguments, once the caller is known and before policies are asked; may be nil
}

// A Caller is an authenticated principal. Only Gate.Authenticate makes one; its zero value is nobody.
type Caller struct {
	principal abi.Principal
	expires   time.Time
	call      string
	gate      *Gate // the gate that made it: another gate does not know it
}

// Principal returns who the caller is. Its claims must not be changed.
func (c *Caller) Principal() abi.Principal { return c.principal }

// Expires returns when the caller must authenticate again.
func (c *Caller) Expires() time.Time { return c.expires }

// A Runner does what a call asks for, after it was allowed.
type Runner interface {
	// Run does it. For a tool it returns the tool's answer, otherwise nil.
	Run(ctx context.Context, caller *Caller) (*abi.ToolAnswer, error)
	// Encode returns the result as the client will get it, as JSON without the receipt. The tool's answer is passed
	// because a policy may have redacted it. nil means that the client gets no body.
	Encode(answer *abi.ToolAnswer) (json.RawMessage, error)
}

// Done is what a call came to. When Do returns it, everything in it is durable in the log.
type Done struct {
	Call    string // the call id
	Answer  *abi.ToolAnswer
	Result  json.RawMessage // what Encode returned
	Receipt Receipt
	Proof   *Proof        // nil: the call did not ask for a receipt, or the log gives none
	Time    time.Duration // from Do's start to the result entry's being durable
}
