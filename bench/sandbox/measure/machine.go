package measure

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Machine is where and when something was measured.
type Machine struct {
	began   time.Time
	load    string
	jiffies [2]float64 // stolen and all, when it began
}

// Here is this machine, now.
func Here() Machine {
	load, _ := os.ReadFile("/proc/loadavg")
	m := Machine{began: time.Now(), load: strings.Join(strings.Fields(string(load))[:min(1, len(load))], "")}
	m.jiffies[0], m.jiffies[1] = jiffies()
	return m
}

// Date is the day it began, UTC.
func (m Machine) Date() string { return m.began.UTC().Format(time.DateOnly) }

// Markdown says what decides about the figures: processor, kernel, Go, the modules of that name, and how quiet it was.
func (m Machine) Markdown(modules ...string) string {
	var name unix.Utsname
	unix.Uname(&name)
	stolen, all := jiffies()
	var b strings.Builder
	fmt.Fprintf(&b, "%s UTC, %s, %d CPUs, Linux %s, %s %s/%s, %s.\n", m.began.UTC().Format("2006-01-02 15:04"), processor(),
		runtime.NumCPU(), bytes.TrimRight(name.Release[:], "\x00"), runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(versions(modules), ", "))
	fmt.Fprintf(&b, "Load average when it began %s; %.1f %% of the CPUs' time was stolen by others on the same machine; it took %s.\n",
		m.load, 100*(stolen-m.jiffies[0])/max(1, all-m.jiffies[1]), time.Since(m.began).Round(time.Second))
	return b.String()
}

func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// versions are those of linked modules.
func versions(modules []string) (out []string) {
	info, _ := debug.ReadBuildInfo()
	for _, want := range modules {
		for _, d := range info.Deps {
			if d.Path == want {
				out = append(out, want+" "+d.Version)
			}
		}
	}
	return out
}

// jiffies returns what was stolen and all there was since the machine started.
func jiffies() (stolen, all float64) {
	stat, _ := os.ReadFile("/proc/stat")
	first, _, _ := strings.Cut(string(stat), "\n")
	for i, field := range strings.Fields(first) {
		var n float64
		fmt.Sscan(field, &n)
		if i == 0 || i > 8 { // guest time is in user time too
			continue
		}
		if all += n; i == 8 {
			stolen = n
		}
	}
	return stolen, all
}
