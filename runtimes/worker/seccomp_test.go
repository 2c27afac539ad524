package worker

import (
	"encoding/binary"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// judge runs a filter as the kernel does.
func judge(t *testing.T, filter []unix.SockFilter, arch, number uint32, args ...uint64) uint32 {
	t.Helper()
	data := binary.LittleEndian.AppendUint32(nil, number)
	data = binary.LittleEndian.AppendUint32(data, arch)
	data = append(data, make([]byte, 8+6*8)...)
	for i, a := range args {
		binary.LittleEndian.PutUint64(data[offArgs+8*i:], a)
	}
	var a uint32
	for at := 0; at < len(filter); at++ {
		i, yes := filter[at], false
		switch i.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = binary.LittleEndian.Uint32(data[i.K:])
			continue
		case unix.BPF_RET | unix.BPF_K:
			return i.K
		case unix.BPF_JMP | unix.BPF_K | unix.BPF_JEQ:
			yes = a == i.K
		case unix.BPF_JMP | unix.BPF_K | unix.BPF_JGE:
			yes = a >= i.K
		case unix.BPF_JMP | unix.BPF_K | unix.BPF_JSET:
			yes = a&i.K != 0
		default:
			t.Fatalf("instruction %d: code %#x", at, i.Code)
		}
		if yes {
			at += int(i.Jt)
		} else {
			at += int(i.Jf)
		}
	}
	t.Fatal("the filter has no end")
	return 0
}

func TestFilter(t *testing.T) {
	const pid = 4711
	p := processor()
	const exec, data, thread = unix.PROT_READ | unix.PROT_EXEC, unix.PROT_READ | unix.PROT_WRITE, unix.CLONE_THREAD | unix.CLONE_VM
	for _, tt := range []struct {
		name           string
		number         uint32
		args           []uint64
		loading, after uint32
	}{
		{"read", unix.SYS_READ, nil, doAllow, doAllow},
		{"exit", unix.SYS_EXIT_GROUP, nil, doAllow, doAllow},
		{"open", unix.SYS_OPENAT, nil, doKill, doKill},
		{"execute", unix.SYS_EXECVE, nil, doKill, doKill},
		{"unknown", 9999, nil, doEPERM, doEPERM},
		{"highest", x32Bit - 1, nil, doEPERM, doEPERM},
		{"clone3", unix.SYS_CLONE3, nil, noClone, noClone},
		{"map data", unix.SYS_MMAP, []uint64{0, 1, data}, doAllow, doAllow},
		{"map code", unix.SYS_MMAP, []uint64{0, 1, exec}, doAllow, doKill},
		{"map code, high bits", unix.SYS_MMAP, []uint64{0, 1, 1<<32 | exec}, doAllow, doKill},
		{"make data", unix.SYS_MPROTECT, []uint64{0, 1, data}, doAllow, doAllow},
		{"make code", unix.SYS_MPROTECT, []uint64{0, 1, exec}, doAllow, doKill},
		{"thread", unix.SYS_CLONE, []uint64{thread}, doAllow, doAllow},
		{"process", unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, doKill, doKill},
		{"thread, high bits alone", unix.SYS_CLONE, []uint64{1<<32 | uint64(unix.SIGCHLD)}, doKill, doKill},
		{"thread and namespace", unix.SYS_CLONE, []uint64{thread | unix.CLONE_NEWNET}, doKill, doKill},
		{"own thread", unix.SYS_TGKILL, []uint64{pid, pid, 23}, doAllow, doAllow},
		{"other thread", unix.SYS_TGKILL, []uint64{pid + 1, pid + 1, 23}, doEPERM, doEPERM},
		{"name memory", unix.SYS_PRCTL, []uint64{unix.PR_SET_VMA}, doAllow, doAllow},
		{"be dumpable", unix.SYS_PRCTL, []uint64{unix.PR_SET_DUMPABLE, 1}, doEPERM, doEPERM},
		{"own limit", unix.SYS_PRLIMIT64, []uint64{0}, doAllow, doEPERM},
		{"other's limit", unix.SYS_PRLIMIT64, []uint64{1}, doEPERM, doEPERM},
		{"filter", unix.SYS_SECCOMP, nil, doAllow, doEPERM},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for sealed, want := range map[bool]uint32{false: tt.loading, true: tt.after} {
				if got := judge(t, p.filter(pid, sealed), p.arch, tt.number, tt.args...); got != want {
					t.Errorf("sealed %v: %#x, want %#x", sealed, got, want)
				}
			}
		})
	}
	for _, arch := range []uint32{0, unix.AUDIT_ARCH_I386, unix.AUDIT_ARCH_ARM, unix.AUDIT_ARCH_X86_64, unix.AUDIT_ARCH_AARCH64} {
		if got := judge(t, p.filter(pid, true), arch, unix.SYS_READ); (got == doAllow) != (arch == p.arch) {
			t.Errorf("processor %#x: %#x", arch, got)
		}
	}
	if p.x32 {
		for _, number := range []uint32{x32Bit, x32Bit | unix.SYS_READ, 1<<32 - 1} {
			if got := judge(t, p.filter(pid, false), p.arch, number); got != doKill {
				t.Errorf("x32 call %#x: %#x", number, got)
			}
		}
	}
}

// No call is both wanted and deadly, or listed twice, and every deadly one kills in both filters.
func TestFilterLists(t *testing.T) {
	p := processor()
	all := slices.Concat(p.allow, p.kill)
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("a call is listed twice")
	}
	for _, sealed := range []bool{false, true} {
		for _, number := range p.kill {
			if got := judge(t, p.filter(1, sealed), p.arch, number); got != doKill {
				t.Errorf("call %d: %#x", number, got)
			}
		}
	}
}
