// Package machine says where and when something was measured.
package machine

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

// Facts says what decides about the figures, by name: processor, kernel, Go, the modules of that name, and how quiet it was.
func (m Machine) Facts(modules ...string) [][2]string {
	var name unix.Utsname
	unix.Uname(&name)
	stolen, all := jiffies()
	facts := [][2]string{
		{"began", m.began.UTC().Format("2006-01-02 15:04") + " UTC"},
		{"processors", fmt.Sprintf("%d × %s", runtime.NumCPU(), processor())},
		{"kernel", "Linux " + string(bytes.TrimRight(name.Release[:], "\x00"))},
		{"Go", runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH},
	}
	facts = append(facts, versions(modules)...)
	return append(facts, [2]string{"quiet", fmt.Sprintf("load average %s when it began; %.1f %% of the processors' time was stolen by others on the same machine",
		m.load, 100*(stolen-m.jiffies[0])/max(1, all-m.jiffies[1]))}, [2]string{"took", time.Since(m.began).Round(time.Second).String()})
}

// Slug is a name of the machine for files.
func (m Machine) Slug() string {
	words := strings.FieldsFunc(strings.ToLower(processor()), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(append(words[:min(3, len(words))], fmt.Sprintf("%dcpu", runtime.NumCPU())), "-")
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
func versions(modules []string) (out [][2]string) {
	info, _ := debug.ReadBuildInfo()
	for _, want := range modules {
		for _, d := range info.Deps {
			if d.Path == want {
				out = append(out, [2]string{want, d.Version})
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
