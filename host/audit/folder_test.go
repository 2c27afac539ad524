package audit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/host/checkpoint"
	"bulkhead/host/safefile"
)

func TestOpenCreatesAPrivateFolder(t *testing.T) {
	dir := t.TempDir()
	old := unix.Umask(0)
	l, err := Open(config(t, dir, rotating, func(c *Config) { c.Public = []byte("the public key") }))
	unix.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	fill(t, l, 300)
	mustClose(t, l)
	for name, mode := range map[string]os.FileMode{
		".": os.ModeDir | 0o700, firstSegment: 0o600, segmentName(256): 0o600, CheckpointName: 0o600, PublicName: 0o600, reserveName: 0o600,
	} {
		if info, err := os.Stat(fileOf(dir, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if got := content(t, dir, PublicName); string(got) != "the public key" {
		t.Errorf("public key: %q", got)
	}
	if names, err := os.ReadDir(folderOf(dir)); err != nil || len(names) != 6 {
		t.Errorf("in the folder: %v, %v", names, err)
	}
}

func TestThePublicKeyIsReplaced(t *testing.T) {
	dir := made(t, 1)
	for _, key := range []string{"one", "two"} {
		mustClose(t, openIn(t, dir, func(c *Config) { c.Public = []byte(key) }))
		if got := content(t, dir, PublicName); string(got) != key {
			t.Errorf("public key: %q, want %q", got, key)
		}
	}
	block(t, fileOf(dir, PublicName+safefile.TempSuffix))
	if l, err := Open(config(t, dir, func(c *Config) { c.Public = []byte("three") })); err == nil {
		l.Close()
		t.Error("a log was opened whose key nobody can see")
	}
}

func TestOpenRefusesFoldersThatAreNotPrivate(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(path string) error
	}{
		{"link", func(path string) error {
			return errors.Join(os.Mkdir(path+"-real", 0o700), os.Symlink(path+"-real", path))
		}},
		{"dangling link", func(path string) error { return os.Symlink(path+"-real", path) }},
		{"file", func(path string) error { return os.WriteFile(path, nil, 0o600) }},
		{"fifo", func(path string) error { return unix.Mkfifo(path, 0o600) }},
		{"others may enter", func(path string) error { return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, 0o701)) }},
		{"the group may write", func(path string) error { return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, 0o720)) }},
		{"somebody else's", func(path string) error { return errors.Join(os.Mkdir(path, 0o700), os.Chown(path, 1, 1)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.make(folderOf(dir)); err != nil {
				if c.name == "somebody else's" && errors.Is(err, unix.EPERM) {
					return // whoever may give nothing away finds what is his in his folders
				}
				t.Fatal(err)
			}
			if l, err := openSoon(t, dir); err == nil {
				l.Close()
				t.Error("it was opened")
			}
		})
	}
	if _, err := Open(config(t, filepath.Join(t.TempDir(), "missing"))); err == nil {
		t.Error("a folder was made in a folder that is missing")
	}
}

func TestOpenRefusesWhatIsNoPlainFileOfOurs(t *testing.T) {
	for _, name := range []string{firstSegment, reserveName, CheckpointName} {
		for _, c := range []struct {
			name string
			make func(path string) error
		}{
			{"directory", func(path string) error { return os.Mkdir(path, 0o700) }},
			{"fifo", func(path string) error { return unix.Mkfifo(path, 0o600) }},
			{"symlink", func(path string) error {
				return errors.Join(os.WriteFile(path+".target", nil, 0o600), os.Symlink(path+".target", path))
			}},
			{"dangling symlink", func(path string) error { return os.Symlink(path+".target", path) }},
			{"hard link", func(path string) error {
				return errors.Join(os.WriteFile(path+".other", nil, 0o600), os.Link(path+".other", path))
			}},
			{"writable by others", func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o620)) }},
		} {
			if name != firstSegment && (c.name == "hard link" || c.name == "writable by others") {
				continue // their content is not believed, or replaced
			}
			t.Run(name+" is a "+c.name, func(t *testing.T) {
				dir := t.TempDir()
				if err := errors.Join(os.Mkdir(folderOf(dir), 0o700), c.make(fileOf(dir, name))); err != nil {
					t.Fatal(err)
				}
				if l, err := openSoon(t, dir); err == nil {
					l.Close()
					t.Error("it was opened")
				}
				if info, err := os.Stat(fileOf(dir, name) + ".target"); err == nil && info.Size() > 0 {
					t.Error("written through a link")
				}
			})
		}
	}
}

// openSoon is Open, which must not wait for anybody.
func openSoon(t *testing.T, dir string) (*Log, error) {
	t.Helper()
	type answer struct {
		log *Log
		err error
	}
	done := make(chan answer, 1)
	go func() {
		l, err := Open(config(t, dir))
		done <- answer{l, err}
	}()
	select {
	case a := <-done:
		return a.log, a.err
	case <-time.After(time.Minute):
		t.Fatal("Open hangs")
		return nil, nil
	}
}

func TestALogOfAnEarlierVersionIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, oldName)
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Open(config(t, dir)); err == nil {
		l.Close()
		t.Error("it was opened")
	}
	if _, err := os.Stat(folderOf(dir)); err == nil {
		t.Error("a folder was made beside it")
	}
	if data, err := os.ReadFile(name); err != nil || string(data) != "old" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestNobodySignsNothing(t *testing.T) {
	if l, err := Open(config(t, t.TempDir(), func(c *Config) { c.Signer = nil })); err == nil {
		l.Close()
		t.Error("a log without a signer was opened")
	}
}

// A log goes on under its own key and name only.
func TestAnotherLogsKeyIsRefused(t *testing.T) {
	renamed, err := checkpoint.NewSigner("bulkhead/other/0123456789abcdef", testKey())
	if err != nil {
		t.Fatal(err)
	}
	for name, signer := range map[string]*checkpoint.Signer{"another key": otherSigner(t), "another name": renamed} {
		for published, dir := range map[string]string{"published": made(t, 3), "not published": left(t, content(t, made(t, 3), firstSegment))} {
			t.Run(name+", "+published, func(t *testing.T) {
				refused(t, dir, func(c *Config) { c.Signer = signer })
			})
		}
	}
}

func TestOneWriterAtATime(t *testing.T) {
	dir := t.TempDir()
	first := openIn(t, dir)
	for range 2 {
		if _, err := Open(config(t, dir)); !errors.Is(err, ErrInUse) {
			t.Fatalf("another Open: %v", err)
		}
		mustAppend(t, first, note("x")) // the refused one took no lock away
	}
	mustClose(t, first)
	mustClose(t, openIn(t, dir))
	data := content(t, dir, firstSegment)
	overwrite(t, dir, firstSegment, concat(edited(split(data)[0]), concat(split(data)[1:]...)))
	for range 2 {
		if _, err := Open(config(t, dir)); err == nil || errors.Is(err, ErrInUse) { // a refusal keeps no lock
			t.Errorf("a damaged log: %v", err)
		}
	}
}

func TestADisturbedSegmentFailsTheLog(t *testing.T) {
	for _, c := range []struct {
		name    string
		disturb func(path string) error
	}{
		{"deleted", os.Remove},
		{"renamed over", func(path string) error {
			return errors.Join(os.WriteFile(path+".other", nil, 0o600), os.Rename(path+".other", path))
		}},
		{"cut", func(path string) error { return os.Truncate(path, 10) }},
		{"written by another", func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("x")
			return errors.Join(err, f.Close())
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			l := openIn(t, dir)
			mustAppend(t, l, note("a"))
			if err := c.disturb(fileOf(dir, firstSegment)); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, dir)
			if _, err := l.Append(ctx, note("b")); !errors.Is(err, ErrFailed) {
				t.Fatalf("append: %v", err)
			}
			<-l.Failed()
			mustClose(t, l)
			if after := snapshot(t, dir); before[fileOf(dir, firstSegment)] != after[fileOf(dir, firstSegment)] {
				t.Error("what somebody did was undone")
			}
		})
	}
}
