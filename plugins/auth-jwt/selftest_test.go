package main

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/both"
)

// The host puts these requests at load, with the operator's config: the answers must not depend on it.
func TestSelfTests(t *testing.T) {
	configs := []any{newWorld(t).config, `{"anonymous":{"id":"guest"}}`}
	both.Run(t, grants(), func(t *testing.T, p *sdktest.Plugin) {
		for _, config := range configs {
			if err := p.Configure(config); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"none", "jwk", "clock"} {
				selfTest(t, p, name)
			}
		}
	})
}

func selfTest(t *testing.T, p *sdktest.Plugin, name string) {
	t.Helper()
	var q abi.AuthRequest
	var want abi.AuthAnswer
	for file, v := range map[string]any{"testdata/" + name + ".json": &q, "testdata/" + name + ".out.json": &want} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, v); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := p.Auth(q); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, %v; want %+v", name, got, err, want)
	}
}
