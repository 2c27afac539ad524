package manifest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What files and folders may not be, each set up in a folder that is good otherwise.
func TestFilesThatAreNotTrusted(t *testing.T) {
	replace := func(make func(path string) error) func(string) error {
		return func(path string) error { return errors.Join(os.RemoveAll(path), make(path)) }
	}
	mode := func(m os.FileMode) func(string) error {
		return func(path string) error { return os.Chmod(path, m) }
	}
	moved := func(path string) error {
		return errors.Join(os.Rename(path, path+"-real"), os.Symlink(filepath.Base(path)+"-real", path))
	}
	outside := func(path string) error {
		other := filepath.Join(filepath.Dir(filepath.Dir(path)), "outside")
		return errors.Join(os.RemoveAll(path), os.MkdirAll(other, 0o755), os.Symlink(other, path))
	}
	fifo := replace(func(path string) error { return syscall.Mkfifo(path, 0o644) })
	folder := replace(func(path string) error { return os.Mkdir(path, 0o755) })
	for _, tt := range []struct {
		name, path string
		change     func(path string) error
		key        string
		message    string
		hint       string
	}{
		{"manifest others can write", "host.toml", mode(0o646), "", "mode 0646: others could change it", "chmod go-w "},
		{"manifest the group can write", "host.toml", mode(0o664), "", "mode 0664", "chmod go-w "},
		{"manifest is a link", "host.toml", moved, "", "is no regular file", ""},
		{"manifest is a pipe", "host.toml", fifo, "", "is no regular file", ""},
		{"manifest is a folder", "host.toml", folder, "", "is no regular file", ""},
		{"manifest is missing", "host.toml", os.Remove, "", "does not exist in", "command line"},
		{"device is missing", "device.toml", os.Remove, "", "does not exist in", "key_folder = \"keys/device\""},
		{"device others can write", "device.toml", mode(0o666), "", "others could change it", "chmod go-w "},
		{"device is a link", "device.toml", moved, "", "is no regular file", ""},
		{"device is a pipe", "device.toml", fifo, "", "is no regular file", ""},
		{"folder others can write", ".", mode(0o777), "", "its folder", "chmod go-w "},
		{"folder others can write, sticky", ".", mode(0o777 | os.ModeSticky), "", "its folder", "chmod go-w "},
		{"key others can write", "keys/ops.pub", mode(0o666), "publisher.ops.keys[0]", "others could change it", "chmod go-w "},
		{"key is a link inside", "keys/ops.pub", moved, "publisher.ops.keys[0]", "is a symbolic link", ""},
		{"key is a pipe", "keys/ops.pub", fifo, "publisher.ops.keys[0]", "is no regular file", ""},
		{"key is missing", "keys/ops.pub", os.Remove, "publisher.ops.keys[0]", "does not exist", "bin/host key new"},
		{"key folder of the device others can write", "keys/device", mode(0o775), "key_folder", "others could change it", "chmod go-w "},
		{"key folder of the device is a link", "keys/device", moved, "key_folder", "is a symbolic link", ""},
		{"lent key others can write", "keys/device/report-key.key", mode(0o622), "plugin.inspect.grant.sign.report", "others could change it", "chmod go-w "},
		{"lent key is missing", "keys/device/report-key.key", os.Remove, "plugin.inspect.grant.sign.report", "does not exist", "bin/host key new"},
		{"worker others can write", "host-wasmtime", mode(0o757), "backend.wasmtime.path", "others could change it", "chmod go-w "},
		{"worker is a link", "host-wasmtime", moved, "backend.wasmtime.path", "is a symbolic link", "name the real"},
		{"worker is a pipe", "host-wasmtime", fifo, "backend.wasmtime.path", "is no regular file", ""},
		{"worker is a folder", "host-wasmtime", folder, "backend.wasmtime.path", "is no regular file", ""},
		{"worker is missing", "host-wasmtime", os.Remove, "backend.wasmtime.path", "does not exist", "make host-wasmtime"},
		{"bundle is a link inside", "bundles/digits", moved, "plugin.digits.bundle", "is a symbolic link", ""},
		{"bundle is a link outside", "bundles/digits", outside, "plugin.digits.bundle", "is a symbolic link", ""},
		{"bundle is missing", "bundles/digits", os.RemoveAll, "plugin.digits.bundle", "does not exist", "bin/host plugin build"},
		{"bundle is a pipe", "bundles/digits", fifo, "plugin.digits.bundle", "is no folder", ""},
		{"state is a link", "state", func(path string) error { return os.Symlink("bundles", path) }, "state", "is a symbolic link", ""},
		{"state is a file", "state", func(path string) error { return os.WriteFile(path, nil, 0o600) }, "state", "is no folder", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := stage(t, readFile(t, "testdata/good.toml"), "")
			if err := tt.change(filepath.Join(dir, tt.path)); err != nil {
				t.Fatal(err)
			}
			_, got := load(t, dir)
			for _, p := range got {
				if p.Key == tt.key && strings.Contains(p.Message, tt.message) && strings.Contains(p.Hint, tt.hint) {
					return
				}
			}
			t.Errorf("want %s: %s (%s); got %v", tt.key, tt.message, tt.hint, got)
		})
	}
}

// A writable folder on the way to a key counts as much as the key.
func TestKeysInAFolderThatOthersCanWrite(t *testing.T) {
	dir := stage(t, readFile(t, "testdata/good.toml"), "")
	if err := os.Chmod(filepath.Join(dir, "keys"), 0o777); err != nil {
		t.Fatal(err)
	}
	_, got := load(t, dir)
	blamed := map[string]bool{}
	for _, p := range got {
		blamed[p.Key] = strings.Contains(p.Message, "keys has mode 0777")
	}
	for _, key := range []string{"publisher.acme.keys[0]", "publisher.acme.keys[1]", "publisher.ops.keys[0]", "key_folder", "plugin.inspect.grant.sign.report"} {
		if !blamed[key] {
			t.Errorf("%s passed: %v", key, got)
		}
	}
}

func TestFolderIsALinkOrMissing(t *testing.T) {
	dir := stage(t, readFile(t, "testdata/good.toml"), "")
	link := filepath.Join(filepath.Dir(dir), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if _, got := load(t, link); got != nil {
		t.Errorf("the operator may come by a link: %v", got)
	}
	if _, got := load(t, filepath.Join(dir, "nowhere")); len(got) != 1 || !strings.Contains(got[0].Message, "opening the manifest's folder") {
		t.Errorf("missing folder: %v", got)
	}
}

func TestTrust(t *testing.T) {
	for _, tt := range []struct {
		name        string
		owner, self uint32
		mode        os.FileMode
		ok          bool
	}{
		{"root's", 0, 7, 0o644, true},
		{"own", 7, 7, 0o600, true},
		{"root's, host is root", 0, 0, 0o444, true},
		{"somebody's", 8, 7, 0o600, false},
		{"somebody's, host is root", 8, 0, 0o600, false},
		{"group may write", 7, 7, 0o620, false},
		{"others may write", 0, 7, 0o602, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			message, hint := trust("host.toml", tt.owner, tt.self, tt.mode)
			if (message == "") != tt.ok || (hint == "") != tt.ok {
				t.Errorf("got %q, %q", message, hint)
			}
		})
	}
}

func TestDevice(t *testing.T) {
	good := readFile(t, "testdata/device.toml")
	for _, tt := range []struct {
		name, old, new string
		line           int
		key, message   string
	}{
		{"TPM", `keys = "file"`, `keys = "tpm"`, 3, "keys", `"tpm" is not a key store that this host knows`},
		{"TPM table", `keys = "file"`, "keys = \"file\"\ntpm = \"/dev/tpmrm0\"", 4, "tpm", "unknown key"},
		{"grant", `keys = "file"`, "keys = \"file\"\ngrant.log = {}", 4, "grant", "unknown key"},
		{"serial", `keys = "file"`, "keys = \"file\"\nserial = 9", 4, "serial", "unknown key"},
		{"plugin", "\"keys/device\"\n", "\"keys/device\"\n[plugin.x]\n", 5, "plugin", "unknown key"},
		{"no name", "name = \"press-7\"\n", "", 0, "name", "is missing"},
		{"name with space", "press-7", "press 7", 1, "name", "is not 1 to 64 of"},
		{"zone is a list", `"hall-2"`, `["hall-2"]`, 2, "zone", "is an array, must be a string"},
		{"keys elsewhere", `"keys/device"`, `"/etc/keys"`, 4, "key_folder", "is absolute"},
		{"keys nowhere", `"keys/device"`, `"keys/none"`, 4, "key_folder", `"keys/none" does not exist`},
		{"twice", `keys = "file"`, "keys = \"file\"\nkeys = \"file\"", 4, "keys", "defined a second time, first on line 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			host := strings.Replace(readFile(t, "testdata/good.toml"), "grant.sign = { report = \"report-key\" }\n", "", 1)
			_, got := load(t, stage(t, host, strings.Replace(good, tt.old, tt.new, 1)))
			compare(t, got, []want{{tt.line, tt.key, tt.message}})
			for _, p := range got {
				if p.File != "device.toml" {
					t.Errorf("file is %s", p.File)
				}
			}
		})
	}
}

// A worker that a package installed lies outside of the manifest's folder. Whoever could change it there, or put another in
// its place, is seen on the whole way.
func TestWorkerElsewhere(t *testing.T) {
	for _, tt := range []struct {
		name    string
		change  func(dir string) error
		message string
	}{
		{"as it should be", func(string) error { return nil }, ""},
		{"others can write", func(dir string) error { return os.Chmod(dir+"/lib/worker", 0o757) }, "others could change it"},
		{"its folder", func(dir string) error { return os.Chmod(dir+"/lib", 0o775) }, "others could change it"},
		{"a folder above", func(dir string) error { return os.Chmod(dir, 0o757) }, "others could change it"},
		{"a folder above, sticky", func(dir string) error { return os.Chmod(dir, 0o757|os.ModeSticky) }, ""},
		{"a link", func(dir string) error {
			return errors.Join(os.Rename(dir+"/lib/worker", dir+"/lib/real"), os.Symlink("real", dir+"/lib/worker"))
		}, "is a symbolic link"},
		{"a folder that is a link", func(dir string) error {
			return errors.Join(os.Rename(dir+"/lib", dir+"/real"), os.Symlink("real", dir+"/lib"))
		}, "is a symbolic link"},
		{"missing", func(dir string) error { return os.Remove(dir + "/lib/worker") }, "does not exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "opt")
			err := errors.Join(os.MkdirAll(dir+"/lib", 0o755), os.WriteFile(dir+"/lib/worker", nil, 0o755), tt.change(dir))
			if err != nil {
				t.Fatal(err)
			}
			host := strings.Replace(readFile(t, "testdata/good.toml"), `"host-wasmtime"`, `"`+dir+`/lib/worker"`, 1)
			m, got := load(t, stage(t, host, ""))
			switch {
			case tt.message == "" && got != nil:
				t.Errorf("%v", got)
			case tt.message == "" && m.Join(m.Workers[0].Path) != dir+"/lib/worker":
				t.Errorf("%q", m.Join(m.Workers[0].Path))
			case tt.message != "" && (len(got) != 1 || got[0].Key != "backend.wasmtime.path" || !strings.Contains(got[0].Message, tt.message)):
				t.Errorf("%v, want %q", got, tt.message)
			}
		})
	}
}
