package worker

import "golang.org/x/sys/unix"

// processor is the table of amd64.
func processor() table {
	t := table{arch: unix.AUDIT_ARCH_X86_64, x32: true}
	t.allow, t.kill = common()
	t.kill = append(t.kill, unix.SYS_OPEN, unix.SYS_CREAT, unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_MODIFY_LDT)
	return t
}
