package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/abi"
	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// A Tool is one tool of a plugin, as clients see it. InputSchema, Check and Invoke are required; OutputSchema and
// CheckOutput come together. All functions must be safe for concurrent use.
type Tool struct {
	Name         string // the full MCP name, with the operator's prefix: 1 to 64 of a-z, 0-9, "_", ".", "-"
	Title        string
	Description  string
	InputSchema  json.RawMessage // a JSON Schema of type object; clients get every token of it as it is here
	OutputSchema json.RawMessage
	Annotations  *mcp.ToolAnnotations // the author's hints; policies decide
	Plugin       string               // signed name
	Ref          gate.PluginRef       // alias and digest

	// Check validates the client's arguments, a JSON object. Its error is shown to the client.
	Check func(arguments json.RawMessage) error
	// Invoke runs the tool. The request's Tool is empty: only Invoke knows the name in the descriptor. Its error goes to
	// the log, never to the client.
	Invoke func(ctx context.Context, q abi.ToolRequest) (*abi.ToolAnswer, error)
	// CheckOutput validates a structured answer against OutputSchema.
	CheckOutput func(structured json.RawMessage) error
}

// A tool is a Tool with the JSON that describes it to clients.
type tool struct {
	Tool
	listed json.RawMessage
}

var toolName = regexp.MustCompile(`^[a-z0-9_.-]{1,64}$`)

// addTool refuses whatever the library would panic on.
func (s *Server) addTool(t Tool) error {
	if err := t.check(); err != nil {
		return fmt.Errorf("tool %q: %w", t.Name, err)
	}
	if s.tools[t.Name] != nil {
		return fmt.Errorf("tool %q: two tools have this name", t.Name)
	}
	listed, err := encode(struct {
		Name         string          `json:"name"`
		Title        string          `json:"title,omitempty"`
		Description  string          `json:"description,omitempty"`
		InputSchema  json.RawMessage `json:"inputSchema"`
		OutputSchema json.RawMessage `json:"outputSchema,omitempty"`

		Annotations *mcp.ToolAnnotations `json:"annotations,omitempty"`
	}{t.Name, t.Title, t.Description, t.InputSchema, t.OutputSchema, t.Annotations})
	if err != nil {
		return fmt.Errorf("tool %q: %w", t.Name, err)
	}
	// The library knows the tool for the sake of its header checks alone; calls are answered before they reach it.
	if err := register(s.mcp, &mcp.Tool{Name: t.Name, InputSchema: t.InputSchema}); err != nil {
		return err
	}
	added := &tool{t, listed}
	s.tools[t.Name] = added
	s.order = append(s.order, added)
	return nil
}

func (t *Tool) check() error {
	switch {
	case !toolName.MatchString(t.Name):
		return fmt.Errorf("the name does not match %s", toolName)
	case t.Check == nil || t.Invoke == nil:
		return errors.New("check and invoke are required")
	case (t.OutputSchema == nil) != (t.CheckOutput == nil):
		return errors.New("an output schema and its check come together")
	}
	if err := checkSchema(t.InputSchema); err != nil {
		return fmt.Errorf("input schema: %w", err)
	}
	if t.OutputSchema == nil {
		return nil
	}
	if err := checkSchema(t.OutputSchema); err != nil {
		return fmt.Errorf("output schema: %w", err)
	}
	return nil
}

// checkSchema refuses JSON that has no RFC 8785 form: the gate could not record a list that it is in.
func checkSchema(schema json.RawMessage) error {
	_, err := strictjson.Canonical(schema)
	return err
}

// register turns the library's panic about a schema into an error.
func register(m *mcp.Server, t *mcp.Tool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("registering: %v", p)
		}
	}()
	m.AddTool(t, func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return nil, errors.New("a call got past the gate")
	})
	return nil
}
