package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

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
		Use: "version", Short: "Print the version, ABI and backends of this binary", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			a := aboutHost()
			return s.say(a, fmt.Sprintf("bulkhead %s, abi %d, backends %v, %s %s\n", a.Version, a.ABI, a.Backends, a.Go, a.Platform))
		},
	}
}
