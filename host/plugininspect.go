package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/abi"
	"bulkhead/host/bundle"
)

// inspected is what `host plugin inspect --json` prints.
type inspected struct {
	Verified   bool              `json:"verified"` // always false: inspect trusts nobody
	Signed     bool              `json:"signed"`
	KeyIDs     []string          `json:"keyids"`
	Digest     string            `json:"digest"`
	WasmBytes  int               `json:"wasm_bytes"`
	Modules    []moduleInfo      `json:"modules"`
	Descriptor bundle.Descriptor `json:"descriptor"`
}

// A moduleInfo is one module of a bundle for machines.
type moduleInfo struct {
	File    string `json:"file"`
	Digest  string `json:"digest"`
	Bytes   int    `json:"bytes"`
	Relaxed bool   `json:"relaxed_simd"`
}

// modulesOf lists the one or two modules of a bundle.
func modulesOf(c *bundle.Contents) []moduleInfo {
	modules := []bundle.Module{c.Module(false)}
	if c.Relaxed != nil {
		modules = append(modules, c.Module(true))
	}
	var out []moduleInfo
	for _, m := range modules {
		out = append(out, moduleInfo{m.File, m.Digest, len(m.Wasm), m.Relaxed})
	}
	return out
}

// moduleLines tells a person of the modules, if there are two.
func moduleLines(c *bundle.Contents) string {
	if c.Relaxed == nil {
		return ""
	}
	var b strings.Builder
	for _, m := range modulesOf(c) {
		where := "every other engine"
		if m.Relaxed {
			where = "wasmtime"
		}
		fmt.Fprintf(&b, "module %s, %d bytes, digest %s, for %s\n", m.File, m.Bytes, m.Digest, where)
	}
	return b.String()
}

// ofTwo names m after a word, if the bundle has another module beside it.
func ofTwo(c *bundle.Contents, m bundle.Module, word string) string {
	if c.Relaxed == nil {
		return ""
	}
	return word + m.File
}

func pluginInspectCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "inspect BUNDLE",
		Short: "Print what a bundle says about itself; nothing of it is verified",
		Args:  exactly("BUNDLE"),
		RunE: func(_ *cobra.Command, args []string) error {
			u, err := bundle.Inspect(args[0])
			if err != nil {
				return err
			}
			return s.say(inspected{false, u.Signed, u.KeyIDs, u.Digest, len(u.Wasm), modulesOf(&u.Contents), u.Descriptor}, inspectText(u))
		},
	}
}

func inspectText(u *bundle.Unverified) string {
	d := u.Descriptor
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, role %s, %d bytes of wasm, digest %s\n", d.Name, d.Version, d.Role, len(u.Wasm), u.Digest)
	b.WriteString(moduleLines(&u.Contents))
	fmt.Fprintf(&b, "asks for: %s\n", strings.Join(requests(&d), " "))
	for _, t := range d.Tools {
		fmt.Fprintf(&b, "tool %s: %s\n", t.Name, terminal(t.Description))
	}
	if d.Role == abi.RoleModel {
		in, out := d.Sizes()
		fmt.Fprintf(&b, "an example: %d bytes in, %d bytes out; at most %d at once\n", in, out, d.Examples())
	}
	for i, a := range d.Assets {
		fmt.Fprintf(&b, "asset %s, %d bytes\n", a, len(u.Assets[i]))
	}
	fmt.Fprintf(&b, "self-tests: %d\n", len(d.SelfTests))
	if u.Signed {
		fmt.Fprintf(&b, "NOT VERIFIED; signatures name the keys %s\n", strings.Join(u.KeyIDs, " "))
	} else {
		b.WriteString("NOT SIGNED\n")
	}
	return b.String()
}
