// Package sdktest tests plugins against a fake host.
//
//	func TestGreet(t *testing.T) {
//		c := sdktest.Config{Grants: abi.GrantsOf(abi.Log)}
//		sdktest.Run(t, c, func(t *testing.T, p *sdktest.Plugin) {
//			if err := p.Configure(map[string]string{"word": "Hi"}); err != nil {
//				t.Fatal(err)
//			}
//			a, err := p.Tool(abi.ToolRequest{Tool: "greet", Arguments: json.RawMessage(`{"name":"Ada"}`)})
//			...
//		})
//	}
//
// Run runs the plugin of the test's own package as ordinary Go. Package both, one folder below, has a Run of the same
// form that also builds it to WebAssembly and runs the test once more, in the real sandbox.
//
// Natively a plugin keeps its variables from call to call and from test to test; in the sandbox every call starts from
// the snapshot. A test that passes in one and fails in the other has found such a variable. For the same reason native
// calls run one at a time, also in parallel tests.
package sdktest

import (
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk"
	"bulkhead/sdk/internal/native"
)

// Config is what the fake host offers. The zero value offers nothing.
type Config struct {
	Grants abi.Grants                        // a plugin that uses another capability fails the test
	Keys   int                               // how many key slots there are
	Models []func(in []byte) ([]byte, error) // the model of each model slot
	Assets [][]byte                          // the file of each asset slot
}

// Run runs f as the subtest "native", with the plugin of this package running as ordinary Go.
func Run(t *testing.T, c Config, f func(t *testing.T, p *Plugin)) {
	t.Helper()
	t.Run("native", func(t *testing.T) { f(t, New(t, c, nativeMachine{})) })
}

// A Machine runs a plugin's code, natively or in a sandbox. Of an error that is the plugin's own answer it makes an
// *Error; everything else that goes wrong is another error, and fails the test.
type Machine interface {
	// Configure starts the plugin afresh, as far as the machine can, with h as its host, and gives it config.
	Configure(h *Host, config []byte) error
	// Handle puts one request to the configured plugin.
	Handle(h *Host, request []byte) ([]byte, error)
}

// An Error is the plugin's own error answer, with the text that goes to the host's log.
type Error struct{ Text string }

// Error returns the text.
func (e *Error) Error() string { return e.Text }

type nativeMachine struct{}

func (nativeMachine) Configure(h *Host, config []byte) (err error) {
	native.Serve(h, func() { err = sdk.Native().Configure(config) })
	return own(err)
}

func (nativeMachine) Handle(h *Host, request []byte) (answer []byte, err error) {
	native.Serve(h, func() { answer, err = sdk.Native().Handle(request) })
	return answer, own(err)
}

func own(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Text: err.Error()}
}
