package manifest

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// stage makes a folder in which good.toml is good, with these two files in it. An empty device text means the usual one.
func stage(t testing.TB, host, device string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "etc")
	for _, d := range []string{"", "keys", "keys/device", "bundles", "bundles/auth", "bundles/abac", "bundles/inspect", "bundles/digits"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if device == "" {
		device = readFile(t, "testdata/device.toml")
	}
	for name, content := range map[string]string{
		"host.toml": host, "device.toml": device,
		"keys/acme.pub": "1", "keys/acme-2.pub": "2", "keys/ops.pub": "3", "keys/device/report-key.key": "4", "host-wasmtime": "5",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// load loads the host.toml of dir and returns the problems.
func load(t testing.TB, dir string) (*Manifest, []Problem) {
	t.Helper()
	m, err := Load(filepath.Join(dir, "host.toml"))
	if err == nil {
		return m, nil
	}
	var p *Problems
	if !errors.As(err, &p) || len(p.List) == 0 || m != nil {
		t.Fatalf("Load = %v, %T %v", m, err, err)
	}
	return nil, p.List
}

// want is a problem as a test expects it: message is a part of it.
type want struct {
	line         int
	key, message string
}

func compare(t *testing.T, got []Problem, wanted []want) {
	t.Helper()
	for _, w := range wanted {
		found := -1
		for i, p := range got {
			if p.Line == w.line && p.Key == w.key && strings.Contains(p.Message, w.message) {
				found = i
			}
		}
		if found < 0 {
			t.Errorf("missing: line %d: %s: %s", w.line, w.key, w.message)
			continue
		}
		got = append(got[:found:found], got[found+1:]...)
	}
	for _, p := range got {
		t.Errorf("unexpected: %s", p)
	}
}

// expectations reads the "#! KEY: MESSAGE" comments of a golden file. Each stands on the line that it expects; one that
// fills its line is about no line, unless it has no key: then it is a remark.
func expectations(text string) []want {
	form := regexp.MustCompile(`^((?:[^\s":]|"[^"]*")+): (.*)$`)
	var out []want
	for i, row := range strings.Split(text, "\n") {
		for j, part := range strings.Split(row, "#!") {
			m := form.FindStringSubmatch(strings.TrimSpace(part))
			if j == 0 || m == nil {
				continue
			}
			line := i + 1
			if strings.HasPrefix(row, "#!") {
				line = 0
			}
			out = append(out, want{line, m[1], strings.TrimSpace(m[2])})
		}
	}
	return out
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"good", "many", "twice"} {
		t.Run(name, func(t *testing.T) {
			text := readFile(t, "testdata/"+name+".toml")
			_, got := load(t, stage(t, text, ""))
			compare(t, got, expectations(text))
		})
	}
}
