package strictjson_test

import (
	"bytes"
	"reflect"
	"testing"

	"bulkhead/abi"
	"bulkhead/abi/testdata"
	"bulkhead/host/strictjson"
	"bulkhead/sdk"
)

// TestVectors holds Decode against the vectors of the ABI, and against the decoder of the guests: both must read the same
// message, not just agree that it is one.
func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			host, err := v.Compare(strictjson.Decode)
			if err != nil {
				t.Error(err)
			}
			guest, err := v.Compare(sdk.Decode)
			if err != nil {
				t.Errorf("sdk: %v", err)
			}
			if !reflect.DeepEqual(host, guest) {
				t.Errorf("the host reads %+v, a guest %+v", host, guest)
			}
		})
	}
}

// FuzzBothSides looks for bytes that host and guest read differently.
func FuzzBothSides(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		agree[abi.PolicyAnswer](t, data)
		agree[abi.ToolRequest](t, data)
		agree[[]abi.Tensor](t, data)
		agree[map[string]any](t, data)
	})
}

func agree[T any](t *testing.T, data []byte) {
	t.Helper()
	var host, guest T
	hostErr := strictjson.Decode(bytes.Clone(data), &host)
	guestErr := sdk.Decode(bytes.Clone(data), &guest)
	if (hostErr == nil) != (guestErr == nil) {
		t.Fatalf("%T from %q: the host says %v, a guest %v", host, data, hostErr, guestErr)
	}
	if hostErr == nil && !reflect.DeepEqual(host, guest) {
		t.Fatalf("%T from %q: the host reads %+v, a guest %+v", host, data, host, guest)
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
