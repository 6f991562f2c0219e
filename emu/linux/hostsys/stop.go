package hostsys

import (
	"bytes"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// StopSelf stops the emulator, as SIGSTOP does. The caller does not go on before it is
// continued: the signal is for its thread, which takes it at once.
func StopSelf() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGSTOP)
}

// Orphaned reports whether nobody could continue the emulator's process group when a
// terminal has stopped it (setpgid(2)): of the processes from which it descends none
// that is in the group has a parent in the session that is not.
func Orphaned() bool {
	group := unix.Getpgrp()
	session, _ := unix.Getsid(0)
	for pid := unix.Getppid(); pid > 0; pid = parentOf(pid) {
		of, err := unix.Getsid(pid)
		g, err2 := unix.Getpgid(pid)
		switch {
		case err != nil || err2 != nil || of != session:
			return true
		case g != group:
			return false
		}
	}
	return true
}

// parentOf is the parent of a process, 0 if that is not known.
func parentOf(pid int) (parent int) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	var state string
	if _, err := fmt.Sscan(string(b[bytes.LastIndexByte(b, ')')+1:]), &state, &parent); err != nil {
		return 0
	}
	return parent
}
