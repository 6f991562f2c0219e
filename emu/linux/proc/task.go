package proc

import "panda/emu/linux/cred"

// Task is a thread and its process, as stat and status tell of them.
type Task struct {
	PID, TID, PPID, Tracer int
	PGID, SID              int
	Comm                   string
	State                  string // a letter, as ps shows it
	Flags                  int    // PF_ bits
	TTY                    uint64 // device number of the session's terminal
	Foreground             int    // group of that terminal, -1 without one
	Threads                int
	Waits                  bool
	Signals                Signals
	Times                  Times
	Creds                  *cred.Creds
	Umask                  uint32
	FDSize                 int // descriptors that there is room for
	RSSLimit               uint64
}

// Times are in clock ticks.
type Times struct{ Used, Children, Started int64 }

// Signals are sets of signals, and what else is told of them.
type Signals struct {
	Pending, Shared, Blocked uint64
	Ignored, Caught          uint64
	OnExit                   int    // for the parent
	Queued                   int    // in the whole guest, for status
	Limit                    uint64 // of Queued
}

// Caps are sets of capabilities.
type Caps struct{ Effective, Permitted, Inheritable, Bounding uint64 }
