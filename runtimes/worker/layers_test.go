package worker

import (
	"os"
	"testing"
)

func TestCheck(t *testing.T) {
	l, err := Check(t.Context(), Config{Backend: "wazero", Executable: os.Getenv(executableVariable)})
	if err != nil || len(l.Missing()) > 0 {
		t.Errorf("%+v %v", l, err)
	}
	t.Log(l)
}
