package abi

import "encoding/json"

// The messages of the auth, policy and tool roles are JSON objects, UTF-8, at most MaxRequest or MaxAnswer bytes and
// MaxJSONDepth deep. Names are exact; unknown and duplicate names are refused on both sides. Times are RFC 3339 in UTC.
// The model role speaks raw tensors instead (see Tensor).

// Clock says how far the host trusts its own time.
type Clock string

// The clock states. While Unsynchronised, an auth plugin MUST refuse credentials that expire.
const (
	ClockTrusted        Clock = "trusted"
	ClockFloor          Clock = "floor"
	ClockUnsynchronised Clock = "unsynchronised"
)

// An AuthRequest asks an auth plugin who the caller is.
type AuthRequest struct {
	Credential *Credential `json:"credential,omitempty"` // absent: the caller sent none
	Transport  string      `json:"transport"`            // "http" or "stdio"
	Peer       string      `json:"peer"`                 // network address without port, "" on stdio
	Audience   string      `json:"audience"`             // what this host calls itself in tokens
	Now        string      `json:"now"`
	Clock      Clock       `json:"clock"`
}

// A Credential is what the caller presented, unverified.
type Credential struct {
	Scheme string `json:"scheme"` // "bearer"
	Value  string `json:"value"`
}

// An AuthAnswer names a principal or refuses: exactly one of Principal and Refused is set.
type AuthAnswer struct {
	Principal *Principal `json:"principal,omitempty"`
	Cacheable bool       `json:"cacheable,omitempty"` // the answer depends on the credential, transport, peer and audience alone, until Expires
	Refused   string     `json:"refused,omitempty"`   // the reason, for the log only, at most MaxReason bytes
}

// A Principal is an authenticated caller. ID is 1 to MaxPrincipal printable ASCII bytes without spaces; the prefixes
// host/, plugin/ and system/ are reserved.
type Principal struct {
	ID      string                     `json:"id"`
	Claims  map[string]json.RawMessage `json:"claims,omitempty"`
	Expires string                     `json:"expires"` // the principal is void from then on
}

// A PolicyRequest asks a policy plugin whether a principal may do an action.
type PolicyRequest struct {
	Principal Principal       `json:"principal"`
	Action    string          `json:"action"`              // the MCP method, or a host action such as stream/open
	Resource  string          `json:"resource"`            // the MCP tool name, "" where the action has none
	Plugin    string          `json:"plugin,omitempty"`    // signed name of the plugin that would run
	Arguments json.RawMessage `json:"arguments,omitempty"` // as the client sent them, after schema validation
	Transport string          `json:"transport"`
	Peer      string          `json:"peer"`
	Device    Device          `json:"device"`
	Now       string          `json:"now"`
	Clock     Clock           `json:"clock"`
	Phase     Phase           `json:"phase"`
	Result    json.RawMessage `json:"result,omitempty"` // only in phase after: the ToolAnswer
}

// Device is what this host is called, from device.toml.
type Device struct {
	Name string `json:"name"`
	Zone string `json:"zone"`
}

// A Phase is when a policy is asked.
type Phase string

// The phases: before the tool runs, and with its result.
const (
	PhaseBefore Phase = "before"
	PhaseAfter  Phase = "after"
)

// A Decision is a policy's word. The zero value denies.
type Decision string

// The decisions. Redact is an answer of phase after only.
const (
	Allow  Decision = "allow"
	Deny   Decision = "deny"
	Redact Decision = "redact"
)

// A PolicyAnswer decides. Reason is required, at most MaxReason bytes. Result replaces the tool's answer and is present
// exactly when Decision is Redact.
type PolicyAnswer struct {
	Decision Decision    `json:"decision"`
	Reason   string      `json:"reason"`
	Result   *ToolAnswer `json:"result,omitempty"`
}

// A ToolRequest asks a tool plugin to run one of its tools. Arguments is the JSON object that the client sent, valid
// against the tool's input schema; {} if it sent none.
type ToolRequest struct {
	Tool      string          `json:"tool"` // the name in the descriptor, without the operator's prefix
	Arguments json.RawMessage `json:"arguments"`
	Call      string          `json:"call"`      // the call id, as in the log
	Principal string          `json:"principal"` // who asks
}

// A ToolAnswer is a tool's result. Structured must be a JSON object, and valid against the tool's output schema where it
// has one. Failed marks an answer that tells the client about a failure; it is still an answer.
type ToolAnswer struct {
	Content    []Content       `json:"content"`
	Structured json.RawMessage `json:"structured,omitempty"`
	Failed     bool            `json:"failed,omitempty"`
}

// A Content is one block of a ToolAnswer. Type text uses Text; image and audio use Data (base64, standard alphabet, with
// padding) and MIMEType; resource uses URI, MIMEType and either Text or Data.
type Content struct {
	Type     string `json:"type"`
	Text     string `json:"text,omitempty"`
	Data     string `json:"data,omitempty"`
	MIMEType string `json:"mime_type,omitempty"`
	URI      string `json:"uri,omitempty"`
}

// The types of Content.
const (
	ContentText     = "text"
	ContentImage    = "image"
	ContentAudio    = "audio"
	ContentResource = "resource"
)

// A Tensor describes one input or output of a model plugin. A model's request is its inputs, concatenated in the order of
// the descriptor without padding; its answer the outputs. Elements are little-endian and row-major.
type Tensor struct {
	Name  string `json:"name"`
	Type  string `json:"type"`  // f32, f64, i8, u8, i16, i32 or i64
	Shape []int  `json:"shape"` // every dimension ≥ 1
}

// MaxTensor is the largest size of one tensor in bytes.
const MaxTensor = MaxRequest

// Bytes returns the size of the tensor, and false for an unknown type, an empty or non-positive shape, or a size over
// MaxTensor.
func (t Tensor) Bytes() (int, bool) {
	size, ok := map[string]int{"f32": 4, "f64": 8, "i8": 1, "u8": 1, "i16": 2, "i32": 4, "i64": 8}[t.Type]
	if !ok || len(t.Shape) == 0 {
		return 0, false
	}
	for _, d := range t.Shape {
		if d < 1 || d > MaxTensor || size > MaxTensor/d {
			return 0, false
		}
		size *= d
	}
	return size, true
}
