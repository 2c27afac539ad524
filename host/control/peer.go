package control

import (
	"fmt"
	"net"
	"syscall"
)

// peer returns the user on the other end of a connection, as the kernel knew it when they connected.
func peer(c *net.UnixConn) (uid uint32, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *syscall.Ucred
	controlErr := raw.Control(func(fd uintptr) {
		cred, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if controlErr != nil {
		return 0, controlErr
	}
	if err != nil {
		return 0, fmt.Errorf("asking for the peer's credentials: %w", err)
	}
	return cred.Uid, nil
}

// may reports whether a user is served: root, who can do everything anyway, and the host's own.
func may(uid, self uint32) bool { return uid == 0 || uid == self }
