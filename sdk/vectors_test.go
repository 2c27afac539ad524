package sdk_test

import (
	"testing"

	"bulkhead/abi/testdata"
	"bulkhead/sdk"
)

// TestVectors holds Decode against the vectors of the ABI, as host/strictjson does: both sides of the sandbox read the
// same messages or none.
func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			if _, err := v.Compare(sdk.Decode); err != nil {
				t.Error(err)
			}
		})
	}
}

func vectors(t testing.TB) []testdata.Vector {
	t.Helper()
	all, err := testdata.Vectors()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
