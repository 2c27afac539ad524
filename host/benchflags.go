package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/abi"
)

// benchFlags say what to put on the workbench, and how.
type benchFlags struct {
	limits              limitFlags
	grant, config, tool string
	wasi, relaxed       bool
}

func (f *benchFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.grant, "grant", "", "capabilities, such as log,sign; default: those that a bundle asks for, none for a file")
	cmd.Flags().StringVar(&f.config, "config", "", "JSON file with the operator's config")
	cmd.Flags().StringVar(&f.tool, "tool", "", "take input that is no whole tool request as the arguments of this tool")
	cmd.Flags().BoolVar(&f.wasi, "wasi", false, "link WASI for a .wasm file; a bundle's descriptor says it itself")
	cmd.Flags().BoolVar(&f.relaxed, "relaxed-simd", false, "a .wasm file may use relaxed SIMD; a bundle's descriptor says it itself")
	f.limits.add(cmd)
}

// specimen reads what is to run and changes it as the flags say.
func (f *benchFlags) specimen(cmd *cobra.Command, path string) (*specimen, error) {
	sp, err := readSpecimen(path)
	if err != nil {
		return nil, err
	}
	if f.wasi && sp.bundled {
		return nil, usage(errors.New("--wasi is for .wasm files: a bundle's descriptor says wasi = true"))
	}
	if f.relaxed && sp.bundled {
		return nil, usage(errors.New("--relaxed-simd is for .wasm files: a bundle's descriptor says relaxed_simd = true"))
	}
	sp.program.WASI = sp.program.WASI || f.wasi
	sp.program.RelaxedSIMD = f.relaxed
	if cmd.Flags().Changed("grant") {
		g, err := parseGrants(f.grant)
		if err != nil {
			return nil, usage(err)
		}
		if err := sp.grant(g); err != nil {
			return nil, err
		}
	}
	if f.tool != "" && sp.bundled && !slices.Contains(sp.tools, f.tool) {
		return nil, usage(fmt.Errorf("%s has no tool %q, it has %q", sp.name, f.tool, sp.tools))
	}
	if f.config != "" {
		if sp.program.Config, err = readBounded(f.config, maxConfig); err != nil {
			return nil, usage(err)
		}
	}
	return sp, nil
}

// maxConfig is how large a config may be, in bytes.
const maxConfig = 1 << 20

func parseGrants(list string) (abi.Grants, error) {
	var g abi.Grants
	for name := range strings.SplitSeq(list, ",") {
		c, ok := abi.ParseCapability(name)
		if !ok && list != "" {
			return 0, fmt.Errorf("there is no capability %q, only %s", name, abi.RoleTool.Allowed())
		}
		if ok {
			g |= abi.GrantsOf(c)
		}
	}
	return g, nil
}
