package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulkhead/host/checkpoint"
	"bulkhead/host/keys"
)

func keyCommand(s *streams) *cobra.Command {
	return group("key", "Make and look at key pairs", keyNewCommand(s), keyShowCommand(s))
}

func keyNewCommand(s *streams) *cobra.Command {
	var purpose, folder string
	var development bool
	cmd := &cobra.Command{
		Use:   "new NAME --purpose PURPOSE",
		Short: "Make a key pair: NAME.key (private, 0600) and NAME.pub",
		Long: fmt.Sprintf(`Make a key pair: NAME.key (private, 0600) and NAME.pub.

One key pair has one purpose, one of %v. Token keys are Ed25519; all others are composite: ML-DSA-65 and Ed25519,
of which both halves must verify. An audit key, which signs a log, has an Ed25519 and an ML-DSA-44 pair beside that, for
other people's tools; a host without one makes it. --development marks the key for trying things out; a host that holds such a key says so
in its log, its evidence and everywhere else.`, keys.Purposes()),
		Example: "  bin/host key new acme --purpose publisher --folder keys",
		Args:    exactly("NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := keys.ParsePurpose(purpose)
			if err != nil {
				return usage(err)
			}
			info, err := keys.Create(folder, args[0], p, development)
			if err != nil {
				return err
			}
			return s.showKey(info, fmt.Sprintf("wrote %s\n", filepath.Join(folder, args[0]+keys.PrivateSuffix)))
		},
	}
	cmd.Flags().StringVar(&purpose, "purpose", "", "what the key is for")
	cmd.Flags().StringVar(&folder, "folder", ".", "where the two files go")
	cmd.Flags().BoolVar(&development, "development", false, "a key for trying things out")
	_ = cmd.MarkFlagRequired("purpose") // fails only for an unknown flag
	return cmd
}

func keyShowCommand(s *streams) *cobra.Command {
	var origin string
	cmd := &cobra.Command{
		Use: "show FILE", Short: "Print what is public about a key file", Args: exactly("FILE"),
		Long: `Print what is public about a key file.

Of an audit key, --origin prints the verifier keys (C2SP signed-note) with which other tools check the log of that name. A
log's origin is the first line of its checkpoints.`,
		RunE: func(_ *cobra.Command, args []string) error {
			info, err := keys.Inspect(args[0])
			if err != nil {
				return err
			}
			return s.showLogKey(info, origin)
		},
	}
	cmd.Flags().StringVar(&origin, "origin", "", "of an audit key, print the verifier keys of the log of this name")
	return cmd
}

// keyInfo is what `host key show --json` prints.
type keyInfo struct {
	Name        string          `json:"name"`
	Purpose     keys.Purpose    `json:"purpose"`
	Algorithm   string          `json:"algorithm"`
	Development bool            `json:"development"`
	KeyID       string          `json:"keyid"`
	JWK         json.RawMessage `json:"jwk,omitempty"` // token keys: for config.keys of an auth plugin

	Origin       string                   `json:"origin,omitempty"` // audit keys: of the log that the verifier keys are for
	VerifierKeys *checkpoint.VerifierKeys `json:"verifier_keys,omitempty"`
}

func keyInfoOf(i keys.Info) (keyInfo, string) {
	text := fmt.Sprintf("name        %s\npurpose     %s\nalgorithm   %s\ndevelopment %v\nkeyid       %s\n", i.Name, i.Purpose, i.Algorithm(), i.Development, i.KeyID)
	return keyInfo{Name: i.Name, Purpose: i.Purpose, Algorithm: i.Algorithm(), Development: i.Development, KeyID: i.KeyID}, text
}

// showLogKey is showKey with a log's verifier keys.
func (s *streams) showLogKey(i keys.Info, origin string) error {
	if origin == "" {
		return s.showKey(i, "")
	}
	public, err := i.AuditPublic()
	if err != nil {
		return usage(fmt.Errorf("--origin: %w", err))
	}
	v, err := checkpoint.NewVerifier(origin, public)
	if err != nil {
		return usage(fmt.Errorf("--origin: %w", err))
	}
	out, text := keyInfoOf(i)
	k := v.Keys()
	out.Origin, out.VerifierKeys = origin, &k
	text += fmt.Sprintf("origin      %s\ned25519     %s\nmldsa44     %s\ncomposite   %s\n", origin, k.Ed25519, k.MLDSA44, k.Composite)
	return s.say(out, text)
}

func (s *streams) showKey(i keys.Info, before string) error {
	out, text := keyInfoOf(i)
	text = before + text
	if i.Purpose == keys.Audit {
		text += "verifiers   host key show FILE --origin ORIGIN prints this key for the tools that check logs\n"
	}
	if i.Purpose == keys.Token {
		jwk, err := i.JWK()
		if err != nil {
			return err
		}
		out.JWK = jwk
		text += fmt.Sprintf("jwk         %s\n", jwk)
	}
	return s.say(out, text)
}
