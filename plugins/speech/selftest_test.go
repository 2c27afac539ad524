package main

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"reflect"
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk/sdktest"
)

var update = flag.Bool("update", false, "write the arguments of the self-tests")

// The files that the host runs as self-tests at load: refusals, as there is no model then.
func TestSelfTests(t *testing.T) {
	arguments := map[string]string{
		"cd":      argumentsFor(riff(chunk{"fmt ", form(formatPCM, 1, 44100, 16)}, chunk{"data", make([]byte, 8)}), ""),
		"promise": argumentsFor(sized(wav(make([]byte, 8)), math.MaxUint32), ""),
	}
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for name, text := range arguments {
			if *update {
				writeFile(t, name+".json", text+"\n")
			}
			if got := readFile(t, name+".json"); string(got) != text+"\n" {
				t.Errorf("%s.json is not what -update writes", name)
			}
			a, err := ask(p, text)
			if err != nil {
				t.Fatal(err)
			}
			var want abi.ToolAnswer
			if err := json.Unmarshal(readFile(t, name+".out.json"), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(a, want) {
				t.Errorf("%s: got %+v, want %+v", name, a, want)
			}
		}
	})
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile("testdata/"+name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
