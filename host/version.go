package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/abi"
)

// version is what the build says; the Makefile sets it with -X.
var version = "dev"

// about is what `host version` says.
type about struct {
	Version  string   `json:"version"`
	ABI      int      `json:"abi"`
	Backends []string `json:"backends"`
	Engines  []string `json:"engines,omitempty"` // names and versions of what the backends run on; only for who asks
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	Revision string   `json:"revision,omitempty"`
}

func aboutHost() about {
	a := about{Version: version, ABI: abi.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	for name := range backends() {
		a.Backends = append(a.Backends, name)
	}
	slices.Sort(a.Backends)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				a.Revision = s.Value
			}
		}
	}
	return a
}

func versionCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version, ABI and engines of this binary", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			a := aboutHost()
			for _, name := range a.Backends {
				a.Engines = append(a.Engines, versionOf(cmd.Context(), name))
			}
			return s.say(a, fmt.Sprintf("bulkhead %s, abi %d, %s, %s %s\n", a.Version, a.ABI, strings.Join(a.Engines, ", "), a.Go, a.Platform))
		},
	}
}
