package worker

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// otherEscapes are those that only amd64 has.
func otherEscapes() map[string]escape {
	return map[string]escape{
		"old open":       {func() syscall.Errno { return call(unix.SYS_OPEN, text("/etc/passwd"))() }, killed, killed},
		"old fork":       {call(unix.SYS_FORK), killed, killed},
		"x32":            {call(x32Bit|unix.SYS_READ, 0), killed, killed},
		"ports":          {call(unix.SYS_IOPL, 3), killed, killed},
		"arch prctl":     {call(unix.SYS_ARCH_PRCTL, 0x1001), refuses, refuses},
		"x32 of nothing": {call(1<<32 - 1), killed, killed},
	}
}
