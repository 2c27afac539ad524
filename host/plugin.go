package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/abi"
	"bulkhead/host/bundle"
	"bulkhead/host/keys"
	"bulkhead/host/scaffold"
)

func pluginCommand(s *streams) *cobra.Command {
	return group("plugin", "Write, build, test, sign, verify and look at plugins",
		pluginNewCommand(s), pluginBuildCommand(s), pluginTestCommand(s), pluginSignCommand(s), pluginVerifyCommand(s), pluginInspectCommand(s), pluginCallCommand(s), pluginLimitsCommand(s), pluginBenchCommand(s))
}

func pluginNewCommand(s *streams) *cobra.Command {
	var role, language, dir string
	cmd := &cobra.Command{
		Use:   "new NAME --role ROLE",
		Short: "Write a plugin that builds, tests, signs and runs, without a network",
		Long: `Write a plugin that builds, tests, signs and runs, without a network: the SDK's source is written beside it. NAME is
publisher/name; a name alone is of the publisher "example". Models may be in C.`,
		Example: "  bin/host plugin new acme/hello --role tool\n  bin/host plugin new acme/ears --role model --lang c",
		Args:    exactly("NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			if language != "go" && language != "c" {
				return usage(fmt.Errorf("unknown language %q, want go or c", language))
			}
			p := scaffold.Plugin{Name: args[0], Role: abi.Role(role), InC: language == "c"}
			if !strings.Contains(p.Name, "/") {
				p.Name = "example/" + p.Name
			}
			if dir == "" {
				dir = filepath.Base(p.Name)
			}
			if err := scaffold.Write(dir, p); err != nil {
				return usage(err)
			}
			return s.say(map[string]string{"name": p.Name, "role": role, "folder": dir},
				fmt.Sprintf("wrote %s, a plugin of role %s; %s says what to do next\n", dir, role, filepath.Join(dir, "README.md")))
		},
	}
	cmd.Flags().StringVar(&role, "role", "", fmt.Sprintf("one of %v", abi.Roles()))
	cmd.Flags().StringVar(&language, "lang", "go", "go or c")
	cmd.Flags().StringVar(&dir, "folder", "", "where to write it; default: the name without its publisher")
	_ = cmd.MarkFlagRequired("role") // fails only for an unknown flag
	return cmd
}

func pluginBuildCommand(s *streams) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "build SRC -o BUNDLE",
		Short: "Build an unsigned bundle from a plugin's folder: the same bytes each time",
		Long: `Build an unsigned bundle from a plugin's folder. The same source and Go release give the same bytes, wherever the folder
lies. An older bundle at -o is replaced, anything else there is left alone.`,
		Args: exactly("SRC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := bundle.Build(cmd.Context(), args[0], out)
			if err != nil {
				return err
			}
			return s.say(map[string]any{"bundle": out, "digest": b.Digest, "modules": modulesOf(&b.Contents)},
				fmt.Sprintf("built %s: %s %s, digest %s\n%s", out, b.Descriptor.Name, b.Descriptor.Version, b.Digest, moduleLines(&b.Contents)))
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the bundle's folder")
	_ = cmd.MarkFlagRequired("output") // fails only for an unknown flag
	return cmd
}

func pluginSignCommand(s *streams) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "sign BUNDLE --key FILE",
		Short: "Sign a bundle, or add a signature to one",
		Args:  exactly("BUNDLE"),
		RunE: func(_ *cobra.Command, args []string) error {
			k, err := keys.ReadPrivate(key, keys.Publisher)
			if err != nil {
				return err
			}
			if err := bundle.Sign(args[0], k.Private); err != nil {
				return err
			}
			b, err := bundle.Inspect(args[0])
			if err != nil {
				return err
			}
			return s.say(map[string]string{"name": b.Descriptor.Name, "digest": b.Digest, "keyid": k.KeyID},
				fmt.Sprintf("signed %s %s, digest %.16s…, by key %.16s…\n", b.Descriptor.Name, b.Descriptor.Version, b.Digest, k.KeyID))
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "private file of a publisher key")
	_ = cmd.MarkFlagRequired("key") // fails only for an unknown flag
	return cmd
}

func pluginVerifyCommand(s *streams) *cobra.Command {
	var paths []string
	var threshold int
	cmd := &cobra.Command{
		Use:   "verify BUNDLE --key FILE",
		Short: "Verify a bundle against public keys, as a host does",
		Args:  exactly("BUNDLE"),
		RunE: func(_ *cobra.Command, args []string) error {
			u, err := bundle.Inspect(args[0])
			if err != nil {
				return err
			}
			p := bundle.Publisher{Name: "given keys", Threshold: threshold, MaySign: []string{u.Descriptor.Name}, Roles: abi.Roles()}
			for _, path := range paths {
				k, err := keys.ReadPublic(path, keys.Publisher)
				if err != nil {
					return err
				}
				p.Keys = append(p.Keys, k.Public)
			}
			b, err := bundle.Open(args[0], []bundle.Publisher{p}, bundle.Want{Is: u.Descriptor.Name, Role: u.Descriptor.Role})
			if err != nil {
				return err
			}
			result := map[string]any{"name": b.Descriptor.Name, "version": b.Descriptor.Version, "digest": b.Digest, "signers": b.Signers, "modules": modulesOf(&b.Contents)}
			return s.say(result, fmt.Sprintf("verified: %s %s, role %s, digest %s, signed by %s\n%s", b.Descriptor.Name, b.Descriptor.Version, b.Descriptor.Role,
				b.Digest, strings.Join(b.Signers, " "), moduleLines(&b.Contents)))
		},
	}
	cmd.Flags().StringArrayVar(&paths, "key", nil, "public file of a publisher key; may be repeated")
	cmd.Flags().IntVar(&threshold, "threshold", 1, "how many distinct keys must have signed")
	_ = cmd.MarkFlagRequired("key") // fails only for an unknown flag
	return cmd
}
