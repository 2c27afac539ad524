package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

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
of which both halves must verify. --development marks the key for trying things out; a host that holds such a key says so
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
	return &cobra.Command{
		Use: "show FILE", Short: "Print what is public about a key file", Args: exactly("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			info, err := keys.Inspect(args[0])
			if err != nil {
				return err
			}
			return s.showKey(info, "")
		},
	}
}

// keyInfo is what `host key show --json` prints.
type keyInfo struct {
	Name        string          `json:"name"`
	Purpose     keys.Purpose    `json:"purpose"`
	Algorithm   string          `json:"algorithm"`
	Development bool            `json:"development"`
	KeyID       string          `json:"keyid"`
	JWK         json.RawMessage `json:"jwk,omitempty"` // token keys: for config.keys of an auth plugin
}

func (s *streams) showKey(i keys.Info, before string) error {
	out := keyInfo{Name: i.Name, Purpose: i.Purpose, Algorithm: i.Algorithm(), Development: i.Development, KeyID: i.KeyID}
	text := fmt.Sprintf("%sname        %s\npurpose     %s\nalgorithm   %s\ndevelopment %v\nkeyid       %s\n", before, i.Name, i.Purpose, i.Algorithm(), i.Development, i.KeyID)
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
