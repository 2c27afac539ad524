// Exercise is a tool plugin that uses everything in package sdk, for the tests of sdk and sdktest.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"bulkhead/abi"
	"bulkhead/sdk"
)

func main() {}

func init() {
	sdk.Configure(configure)
	sdk.Tool(run)
}

var (
	settings struct {
		Word string `json:"word"`
		Fail string `json:"fail"`
	}
	asset []byte
	early error // what audit answered before the snapshot
	calls int
)

func configure(config []byte) error {
	settings.Word, settings.Fail = "", ""
	if err := sdk.Decode(config, &settings); err != nil {
		return err
	}
	if settings.Fail != "" {
		return errors.New(settings.Fail)
	}
	sdk.Log(abi.LevelInfo, "configured with %q", settings.Word)
	early = sdk.Audit(struct{}{})
	var err error
	asset, err = sdk.Asset(0)
	return err
}

type arguments struct {
	Text string `json:"text"`
	Size int    `json:"size"`
	Slot uint32 `json:"slot"`
}

func run(q abi.ToolRequest) (abi.ToolAnswer, error) {
	var args arguments
	if err := sdk.Decode(q.Arguments, &args); err != nil {
		return abi.ToolAnswer{}, fmt.Errorf("decoding arguments: %w", err)
	}
	text, err := perform(q.Tool, args)
	if err != nil {
		return abi.ToolAnswer{}, err
	}
	return abi.ToolAnswer{Content: []abi.Content{sdk.Text(text)}}, nil
}

func perform(tool string, args arguments) (string, error) {
	switch tool {
	case "word":
		return settings.Word, nil
	case "log":
		sdk.Log(abi.LevelWarn, "%s", args.Text)
		return "", nil
	case "audit":
		return "", sdk.Audit(json.RawMessage(args.Text))
	case "audit-early":
		return fmt.Sprint(errors.Is(early, sdk.ErrUnavailable)), nil
	case "sign":
		return inHex(sdk.Sign(args.Slot, []byte(args.Text)))
	case "attest":
		evidence, err := sdk.Attest([]byte(args.Text))
		return string(evidence), err
	case "infer":
		out, err := sdk.Infer(args.Slot, []byte(args.Text))
		runtime.GC() // what the ABI wrote must be reachable
		return string(out), err
	case "infer-into":
		out := bytes.Repeat([]byte("."), args.Size)
		n, err := sdk.InferInto(args.Slot, []byte(args.Text), out)
		return fmt.Sprintf("%d %s", n, out), err
	case "infer-over":
		both := []byte(args.Text)
		n, err := sdk.InferInto(args.Slot, both, both)
		return fmt.Sprintf("%d %s", n, both), err
	case "asset":
		again, err := sdk.Asset(args.Slot)
		return fmt.Sprintf("%s %s", asset, again), err
	case "progress":
		for done := range 3 {
			sdk.Progress(float64(done+1), 3)
		}
		return "", nil
	}
	return misbehave(tool, args)
}

func misbehave(tool string, args arguments) (string, error) {
	switch tool {
	case "long":
		return strings.Repeat(args.Text, args.Size), nil
	case "error":
		return "", errors.New(strings.Repeat(args.Text, args.Size))
	case "errno":
		_, err := sdk.Sign(args.Slot, nil)
		return fmt.Sprint(errors.Is(err, sdk.ErrDenied)), err
	case "random":
		b := make([]byte, 16)
		rand.Read(b)
		return inHex(b, nil)
	case "garbage":
		var keep [][]byte
		for range args.Size {
			keep = append(keep, make([]byte, 1<<10))[max(0, len(keep)-99):]
		}
		runtime.GC()
		return args.Text, nil
	case "count":
		calls++
		return fmt.Sprint(calls), nil
	case "panic":
		panic(args.Text)
	}
	return "", fmt.Errorf("no tool %q", tool)
}

func inHex(b []byte, err error) (string, error) { return hex.EncodeToString(b), err }
