package main

import (
	"context"
	"errors"
	"os"
	"strings"
)

// prepareGate makes keys, bundles and device.toml in q's folder, and returns the manifest.
func (q *quickstart) prepareGate(ctx context.Context, root, address string) (string, error) {
	if err := errors.Join(q.makeKeys(ctx), q.makeBundles(ctx, root, "auth-jwt", "policy-abac", "internal/fixture")); err != nil {
		return "", err
	}
	x, kid, err := q.tokenKey(ctx)
	if err != nil {
		return "", err
	}
	const device = "name = \"bench\"\nzone = \"bench\"\nkeys = \"file\"\nkey_folder = \"keys/device\"\n"
	if err := os.WriteFile(q.in("device.toml"), []byte(device), 0o600); err != nil {
		return "", err
	}
	return strings.NewReplacer("ADDR", address, "KEYX", x, "KEYID", kid).Replace(gateManifest), nil
}

const gateManifest = `
schema = 1
serial = 1
state  = "state"
[pipeline]
auth   = "auth"
policy = ["abac"]
[listen]
http    = "ADDR"
origins = []
[publisher.bench]
keys      = ["keys/publisher.pub"]
threshold = 1
may_sign  = ["bulkhead/*"]
roles     = ["auth", "policy", "tool"]
[plugin.auth]
bundle    = "bundles/auth-jwt"
is        = "bulkhead/auth-jwt"
role      = "auth"
backend   = "wazero"
isolation = "process"
memory    = "32MiB"
timeout   = "2s"
fuel      = "2G"
grant.log = {}
config.issuers."urn:bulkhead:dev" = { keys = [{ kty = "OKP", crv = "Ed25519", x = "KEYX", kid = "KEYID" }] }
[plugin.abac]
bundle    = "bundles/policy-abac"
is        = "bulkhead/policy-abac"
role      = "policy"
backend   = "wazero"
isolation = "process"
memory    = "32MiB"
timeout   = "2s"
fuel      = "2G"
grant     = {}
config.rules = [{ name = "all", effect = "allow", principals = ["*"], actions = ["*"], resources = ["*"] }]
[plugin.fixture]
bundle    = "bundles/internal/fixture"
is        = "bulkhead/fixture"
role      = "tool"
backend   = "wazero"
isolation = "process"
memory    = "32MiB"
timeout   = "5s"
fuel      = "2G"
prefix    = ""
grant     = {}
`
