package worker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"bulkhead/runtimes"
)

// missing names the required layers that are not there.
func missing(all []Layer) (names []string) {
	for _, l := range all {
		if l.Required && !l.Present {
			names = append(names, l.Name)
		}
	}
	return names
}

func TestCheck(t *testing.T) {
	r, err := Check(t.Context(), testConfig("plain"))
	l := r.Layers
	if err != nil || missing(l) != nil {
		t.Fatalf("%+v %v", l, err)
	}
	for _, name := range []string{"process", "hidden", "no_new_privs", "landlock", "rlimits", "seccomp"} {
		if !slices.ContainsFunc(l, func(l Layer) bool { return l.Name == name && l.Present }) {
			t.Errorf("%+v has no %s", l, name)
		}
	}
	if _, err := Check(t.Context(), Config{Backend: "x", Executable: executable(t, "/bin/true")}); err == nil || !strings.Contains(err.Error(), "worker.Main") {
		t.Errorf("a program without Main: %v", err)
	}
	if _, err := Check(t.Context(), Config{}); err == nil {
		t.Error("no backend")
	}
}

func TestElsewhere(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here, there := unix.Gettid(), 0
	if elsewhere(func() { there = unix.Gettid() }); there == 0 || there == here {
		t.Errorf("thread %d, called on %d", there, here)
	}
}

// A worker says which engine it has.
func TestEngines(t *testing.T) {
	for name := range engines() {
		r, err := Check(t.Context(), testConfig(name))
		if err != nil || !strings.HasPrefix(r.Engine, name+" v") || missing(r.Layers) != nil {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
}

// Required layers are the ones that a worker must put over itself, and no others.
func TestRequiredLayers(t *testing.T) {
	all := layersOf(greeting{layers: allLayers}, isolation{})
	if names := missing(all); names != nil {
		t.Errorf("missing %q", names)
	}
	for bit := uint32(1); bit < allLayers; bit <<= 1 {
		if names := missing(layersOf(greeting{layers: allLayers &^ bit}, isolation{true, true})); len(names) != 1 {
			t.Errorf("without layer %d: missing %q", bit, names)
		}
	}
}

func TestNew(t *testing.T) {
	for name, c := range map[string]Config{"no backend": {}, "a layer that is none": {Backend: "x", Require: []string{"moat"}}} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	b := newBackend(t, Config{Backend: "plain", Require: []string{"cgroup"}})
	_, err := b.Load(t.Context(), testProgram([]byte("echo"), &witness{}))
	if !errors.Is(err, ErrSandbox) || !strings.Contains(err.Error(), "cgroup") {
		t.Errorf("a layer that is not there: %v", err)
	}
	b = newBackend(t, Config{Backend: "nonsense"})
	if _, err := b.Load(t.Context(), testProgram(nil, &witness{})); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("a backend that is not there: %v", err)
	}
}

// A host's own mistakes are refused before anything is started.
func TestBadPrograms(t *testing.T) {
	for name, change := range map[string]func(*runtimes.Program){
		"no host":            func(p *runtimes.Program) { p.Host = nil },
		"no memory":          func(p *runtimes.Program) { p.Limits.Memory = 0 },
		"much memory":        func(p *runtimes.Program) { p.Limits.Memory = 1<<32 + 1 },
		"no timeout":         func(p *runtimes.Program) { p.Limits.Timeout = 0 },
		"long timeout":       func(p *runtimes.Program) { p.Limits.Timeout = runtimes.MaxTimeout + 1 },
		"many instances":     func(p *runtimes.Program) { p.Limits.Instances = runtimes.MaxInstances + 1 },
		"negative instances": func(p *runtimes.Program) { p.Limits.Instances = -1 },
	} {
		p := testProgram(nil, &witness{})
		change(&p)
		_, err := (&Backend{program: program{kept: &Executable{fd: -1}}}).Load(t.Context(), p)
		if refusal, ok := errors.AsType[*runtimes.LoadError](err); !ok || errors.Is(err, unix.EBADF) || refusal.Plugin != "guest" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What an isolation that the kernel refuses looks like, and what does not.
func TestRefused(t *testing.T) {
	for _, err := range []error{unix.EPERM, unix.ENOSPC, unix.EINVAL, unix.EACCES, unix.EUSERS} {
		if !refused(err) {
			t.Errorf("%v", err)
		}
	}
	for _, err := range []error{unix.ENOENT, unix.EAGAIN, unix.ENOMEM, unix.EMFILE, unix.ENOEXEC, nil} {
		if refused(err) {
			t.Errorf("%v", err)
		}
	}
}

// Every isolation that may be tried makes a complete worker.
func TestIsolations(t *testing.T) {
	for i, how := range isolations() {
		b := newBackend(t, Config{Backend: "plain"})
		b.isolated.Store(int32(i))
		m, err := b.Load(t.Context(), testProgram([]byte("echo"), &witness{}))
		if err != nil {
			t.Errorf("%+v: %v", how, err)
			continue
		}
		if got := m.(*Module).idle[0].isolation; got != how {
			t.Errorf("%+v became %+v", how, got)
		}
		if answer, err := m.Call(t.Context(), nil, []byte("x")); string(answer) != "x" {
			t.Errorf("%+v: %q %v", how, answer, err)
		}
		m.Close(t.Context())
	}
}

// checkVariable makes this test's executable print what Check says.
const checkVariable = "BULKHEAD_TEST_CHECK"

func beCheck() {
	c := testConfig("plain")
	r, err := Check(context.Background(), c)
	os.Stdout.WriteString("missing: " + strings.Join(missing(r.Layers), " ") + "\n")
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
	}
	b, err := New(c)
	if err != nil {
		panic(err)
	}
	_, err = b.Load(context.Background(), testProgram([]byte("echo"), &witness{}))
	os.Stdout.WriteString("refused: " + map[bool]string{true: "yes", false: "no"}[errors.Is(err, ErrSandbox)] + "\n")
}

// TestKernelWithout runs Check and Load where the kernel lacks something, as a filter of system calls pretends. What is
// required is missed by name and nothing loads; what is not, is done without.
func TestKernelWithout(t *testing.T) {
	for _, tt := range []struct {
		name    string
		number  uint32
		missing []string
	}{
		{"landlock", unix.SYS_LANDLOCK_CREATE_RULESET, []string{"landlock"}},
		{"part of landlock", unix.SYS_LANDLOCK_RESTRICT_SELF, []string{"landlock"}},
		{"seccomp", unix.SYS_SECCOMP, []string{"seccomp"}},
		{"limits", unix.SYS_PRLIMIT64, []string{"rlimits"}},
		{"capabilities", unix.SYS_CAPSET, []string{"hidden"}},
		{"nothing that is needed", unix.SYS_CLONE3, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := string(without(t, tt.number))
			if want := "missing: " + strings.Join(tt.missing, " ") + "\n"; !strings.Contains(out, want) {
				t.Errorf("want %q in %q", want, out)
			}
			if want := "refused: " + map[bool]string{true: "yes", false: "no"}[tt.missing != nil]; !strings.Contains(out, want) {
				t.Errorf("want %q in %q", want, out)
			}
			for _, name := range tt.missing {
				if !strings.Contains(out, name+": function not implemented") && name != "hidden" && !strings.Contains(out, "rlimits: limiting") {
					t.Errorf("no reason in %q", out)
				}
			}
		})
	}
}

// without runs beCheck where one system call is not implemented.
func without(t *testing.T, number uint32) []byte {
	t.Helper()
	type result struct {
		out []byte
		err error
	}
	results := make(chan result)
	go func() { // on a thread that ends with it: filters cannot be taken off
		runtime.LockOSThread()
		filter := []unix.SockFilter{load(offNumber), jump(unix.BPF_JEQ, number, 0, 1), ret(noClone), ret(doAllow)}
		err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		if err == nil {
			_, err = seccomp(filter, 0)
		}
		if err != nil {
			results <- result{nil, err}
			return
		}
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), checkVariable+"=1")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		results <- result{out, err}
	}()
	r := <-results
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r.out
}
