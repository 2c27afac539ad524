//go:build cgo

package worker

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A program whose C code starts threads of its own before anybody can confine them is no worker, and says so.
func TestCrowd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crowd")
	cmd := exec.Command("go", "build", "-o", path, "./testdata/crowd")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	c := Config{Backend: "wazero", Executable: executable(t, path)}
	r, err := Check(t.Context(), c)
	lost := missing(r.Layers)
	if err == nil || !strings.Contains(err.Error(), "other threads") || !slices.Equal(lost, []string{"hidden", "no_new_privs", "landlock"}) {
		t.Errorf("missing %q: %v", lost, err)
	}
	if _, err := newBackend(t, c).Load(t.Context(), testProgram(echoGuest(1), &witness{})); err == nil {
		t.Error("it loads plugins")
	}
}
