//go:build peers

package c_test

import (
	"encoding/binary"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
)

// A native is the scalar reference as a program of this machine.
type native struct {
	in  io.Writer
	out io.Reader
}

// startNative compiles testdata/kernels/native.c, or fails with the name of the package that is missing.
func startNative(t *testing.T) *native {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Fatal(`the reference needs a C compiler: Debian's packages "gcc" and "libc6-dev"`)
	}
	program := filepath.Join(t.TempDir(), "native")
	build := exec.Command("gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", "-DNN_SCALAR", "-I.", "-o", program, "testdata/kernels/native.c")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compiling the reference: %v\n%s", err, out)
	}
	cmd := exec.Command(program)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the reference: %v", err)
		}
	})
	return &native{in, out}
}

func (n *native) run(t *testing.T, request []byte) []byte {
	t.Helper()
	if _, err := n.in.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(request))), request...)); err != nil {
		t.Fatal(err)
	}
	var length [4]byte
	if _, err := io.ReadFull(n.out, length[:]); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, binary.LittleEndian.Uint32(length[:]))
	if _, err := io.ReadFull(n.out, answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
