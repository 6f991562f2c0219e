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

// takeSignals, askOrphaned and stop are calls of our own.
func (r real) takeSignals(c *Call) (int64, error) { return int64(r.signals.take(c.Args[0].Buf)), nil }

func (real) askOrphaned(*Call) (int64, error) {
	if orphaned() {
		return 1, nil
	}
	return 0, nil
}

func (real) stop(*Call) (int64, error) { stopSelf(); return 0, nil }

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
