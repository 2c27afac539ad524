package worker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/runtimes"
)

// descriptors counts those of this process.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// children counts the processes whose parent is this one, zombies too.
func children(t *testing.T) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(after); len(f) > 1 && f[1] == strconv.Itoa(os.Getpid()) {
			n++
		}
	}
	return n
}

// mappings counts those of workers' shared memory.
func mappings(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(maps, []byte("memfd:bulkhead"))
}

// TestNothingLeaks kills workers, lets them die and fail to load, closes everything, and counts what is left.
func TestNothingLeaks(t *testing.T) {
	cycle := func(deaths int) {
		p := attacked(&witness{})
		m := loadWorker(t, "hostile", p)
		for i := range deaths {
			request := []string{"dies", "unknown message", "none"}[i%3]
			m.mu.Lock()
			m.sick = quarantine{} // for this test they are no nuisance
			m.mu.Unlock()
			m.Call(t.Context(), nil, []byte(request))
			if i%3 == 2 {
				m.mu.Lock()
				if len(m.idle) > 0 {
					m.idle[0].peer.kill()
				}
				m.mu.Unlock()
			}
		}
		p.Wasm = []byte("open a file")
		p.Config = []byte{}
		if _, err := newBackend(t, Config{Backend: "escaping"}).Load(t.Context(), p); err == nil {
			t.Error("loaded")
		}
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	cycle(3) // what the runtime keeps, it has now
	fds, goroutines := descriptors(t), runtime.NumGoroutine()
	cycle(200)
	soon(t, "all to be gone", func() bool {
		return descriptors(t) <= fds && runtime.NumGoroutine() <= goroutines && children(t) == 0 && mappings(t) == 0
	})
}

// TestFailedStartsLeakNothing starts programs that are no workers, and some that are not there.
func TestFailedStartsLeakNothing(t *testing.T) {
	cycle := func() {
		for path, want := range map[string]error{"/bin/true": runtimes.ErrDied, "/bin/cat": runtimes.ErrDied, "/etc/passwd": unix.ENOEXEC} {
			e, err := ReadExecutable(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = newBackend(t, Config{Backend: "x", Executable: e}).Load(t.Context(), testProgram(nil, &witness{}))
			e.Close()
			if refusal, ok := errors.AsType[*runtimes.LoadError](err); !ok || !errors.Is(refusal, want) {
				t.Errorf("%s: error %v, want %v", path, err, want)
			}
		}
	}
	cycle()
	fds, goroutines := descriptors(t), runtime.NumGoroutine()
	for range 10 {
		cycle()
	}
	soon(t, "all to be gone", func() bool {
		return descriptors(t) <= fds && runtime.NumGoroutine() <= goroutines && children(t) == 0 && mappings(t) == 0
	})
}

// TestKilled kills workers at any moment under many callers. Nobody gets a wrong answer or waits too long, and in the end
// all is as before.
func TestKilled(t *testing.T) {
	p := testProgram([]byte("sign"), echoHost{})
	p.Limits.Instances = 3
	m := loadWorker(t, "plain", p)
	var over atomic.Bool
	var killer, callers sync.WaitGroup
	killer.Go(func() {
		for range 60 {
			time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
			m.mu.Lock()
			m.sick = quarantine{}
			m.mu.Unlock()
			killChild(t)
		}
		over.Store(true)
	})
	var answered, died atomic.Int64
	for c := range 6 {
		callers.Go(func() {
			for i := 0; !over.Load(); i++ {
				request := strconv.Itoa(i*10 + c)
				answer, err := m.Call(t.Context(), nil, []byte(request))
				switch {
				case err == nil && string(answer) == request:
					answered.Add(1)
				case errors.Is(err, runtimes.ErrDied) || errors.Is(err, runtimes.ErrQuarantined):
					died.Add(1)
				default:
					t.Errorf("answer %q to %q, error %v", answer, request, err)
				}
			}
		})
	}
	killer.Wait()
	callers.Wait()
	if answered.Load() == 0 || died.Load() == 0 {
		t.Errorf("%d answers, %d deaths", answered.Load(), died.Load())
	}
	m.mu.Lock()
	m.sick = quarantine{}
	m.mu.Unlock()
	for range 10 { // idle ones may still turn out to be dead
		if _, err := m.Call(t.Context(), nil, nil); err == nil {
			return
		}
	}
	t.Error("the plugin did not recover")
}

// killChild kills some worker of this process, as the operating system does when memory is short.
func killChild(t *testing.T) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Error(err)
	}
	rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	for _, e := range entries {
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(after); len(f) > 1 && f[1] == strconv.Itoa(os.Getpid()) {
			pid, _ := strconv.Atoi(e.Name())
			unix.Kill(pid, unix.SIGKILL)
			return
		}
	}
}

// hostVariable makes this test's executable a host that has workers and waits to be killed.
const hostVariable = "BULKHEAD_TEST_HOST"

// beHost loads a plugin, prints the process of its worker, has it busy if it should be, and waits.
func beHost() {
	how := os.Getenv(hostVariable)
	b, err := New(testConfig("spinning"))
	if err != nil {
		panic(err)
	}
	p := testProgram(nil, echoHost{})
	p.Limits.Timeout = time.Minute
	m, err := b.Load(context.Background(), p)
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(strconv.Itoa(m.(*Module).idle[0].peer.(*process).handle.Pid) + "\n")
	if how == "busy" {
		m.Call(context.Background(), nil, nil)
	}
	select {}
}

// TestHostDies kills a host. Its workers die with it, at work or idle.
func TestHostDies(t *testing.T) {
	for _, how := range []string{"idle", "busy"} {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), hostVariable+"="+how)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
		if !alive(pid) {
			t.Errorf("%s: the worker is dead before its host", how)
		}
		cmd.Process.Kill()
		cmd.Wait()
		soon(t, how+" worker's death", func() bool { return !alive(pid) })
	}
}

// alive reports whether a process runs. A zombie that nobody buries, does not.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, after, _ := strings.Cut(string(stat), ") ")
	return err == nil && after[0] != 'Z'
}

// Code that a worker compiled takes the place of the code that there was.
func TestCodeLeaksNothing(t *testing.T) {
	cycle := func() {
		w := mustWorld(t, attacked(&witness{}), honest(compiler{[]byte("code here")}))
		if err := w.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	cycle()
	fds := descriptors(t)
	for range 5 {
		cycle()
	}
	soon(t, "all to be gone", func() bool { return descriptors(t) <= fds && mappings(t) == 0 })
}
