package hostsys

import (
	"bytes"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// StopSelf stops the emulator, as SIGSTOP does.
func (h *Host) StopSelf() { h.do(SysStop) }

// Orphaned reports whether nobody could continue the emulator's process group when a
// terminal has stopped it.
func (h *Host) Orphaned() bool {
	yes, _ := h.do(SysOrphaned)
	return yes != 0
}

// ownCalls are the calls that are none of the kernel's.
var ownCalls = [...]func(r real, c *Call) int64{
	SysSignals - firstOwn: func(r real, c *Call) int64 { return int64(r.signals.take(c.Args[0].Buf)) },
	SysOrphaned - firstOwn: func(real, *Call) int64 {
		if orphaned() {
			return 1
		}
		return 0
	},
	SysStop - firstOwn: func(real, *Call) int64 { stopSelf(); return 0 },
}

// stopSelf does not return before the emulator is continued: the signal is for its
// thread, which takes it at once.
func stopSelf() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGSTOP)
}

// orphaned looks (setpgid(2)) whether of the processes from which the emulator descends
// none that is in its group has a parent in the session that is not.
func orphaned() bool {
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
