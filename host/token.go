package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/host/keys"
)

func tokenCommand(s *streams) *cobra.Command {
	var key, subject, audience string
	var claims []string
	var lifetime time.Duration
	cmd := &cobra.Command{
		Use:   "token --key FILE --subject WHO",
		Short: "Mint a short-lived token with a development key",
		Long: `Mint a short-lived token (JWT, EdDSA) with a development key. Its issuer is ` + keys.DevelopmentIssuer + `. Tokens for real callers
come from your identity provider.`,
		Example: "  bin/host token --key keys/token.key --subject alice --claim role=operator > alice.jwt",
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			extra, err := parseClaims(claims)
			if err != nil {
				return usage(err)
			}
			k, err := keys.ReadToken(key)
			if err != nil {
				return err
			}
			token, err := keys.MintToken(k, keys.Claims{Subject: subject, Audience: audience, Issued: time.Now(), Lifetime: lifetime, Extra: extra})
			if err != nil {
				return usage(err)
			}
			return s.say(map[string]string{"token": token}, token+"\n")
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "private file of a development token key")
	cmd.Flags().StringVar(&subject, "subject", "", "the principal")
	cmd.Flags().StringVar(&audience, "audience", "bulkhead", "which host the token is for")
	cmd.Flags().StringArrayVar(&claims, "claim", nil, "another claim, NAME=VALUE; may be repeated")
	cmd.Flags().DurationVar(&lifetime, "lifetime", 15*time.Minute, "at most an hour")
	for _, f := range []string{"key", "subject"} {
		_ = cmd.MarkFlagRequired(f) // fails only for an unknown flag
	}
	return cmd
}

func parseClaims(claims []string) (map[string]string, error) {
	out := map[string]string{}
	for _, c := range claims {
		name, value, ok := strings.Cut(c, "=")
		if _, twice := out[name]; !ok || twice {
			return nil, fmt.Errorf("claim %q is not one NAME=VALUE for its name", c)
		}
		out[name] = value
	}
	return out, nil
}
