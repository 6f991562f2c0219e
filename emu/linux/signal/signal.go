package signal

import (
	"slices"

	"panda/emu/linux/abi"
)

// Last is the highest signal number.
const Last = 64

// Actions are what a process does on signals. Processes made with
// CLONE_SIGHAND share them.
type Actions [Last + 1]abi.Sigaction

// Queue is the signals that are pending. A standard signal is in it once.
type Queue struct {
	Set   uint64 // those of Infos
	Infos []abi.Siginfo
}

// Bit is the set of one signal.
func Bit(sig int32) uint64 { return 1 << (sig - 1) }

// Add puts a signal at the end.
func (q *Queue) Add(info abi.Siginfo) {
	if info.Signo < abi.SIGRTMIN && q.Set&Bit(info.Signo) != 0 {
		return
	}
	q.Set |= Bit(info.Signo)
	q.Infos = append(q.Infos, info)
}

// PutBack puts an entry that was taken at the head of the queue.
func (q *Queue) PutBack(info abi.Siginfo) {
	q.Set |= Bit(info.Signo)
	q.Infos = slices.Insert(q.Infos, 0, info)
}

// Take removes the first entry of a signal.
func (q *Queue) Take(sig int32) abi.Siginfo {
	i := slices.IndexFunc(q.Infos, func(s abi.Siginfo) bool { return s.Signo == sig })
	info := q.Infos[i]
	q.Infos = slices.Delete(q.Infos, i, i+1)
	if !slices.ContainsFunc(q.Infos, func(s abi.Siginfo) bool { return s.Signo == sig }) {
		q.Set &^= Bit(sig)
	}
	return info
}

// Drop removes all entries of the signals of a set.
func (q *Queue) Drop(set uint64) {
	q.Infos = slices.DeleteFunc(q.Infos, func(s abi.Siginfo) bool { return set&Bit(s.Signo) != 0 })
	q.Set &^= set
}

// Disposition is what happens by default.
type Disposition uint8

// The dispositions.
const (
	Terminate Disposition = iota // with a core dump, for those of DumpCore
	Ignore
	Stop
	Continue
)

var dispositions = [Last + 1]Disposition{
	abi.SIGCHLD: Ignore, abi.SIGURG: Ignore, abi.SIGWINCH: Ignore, abi.SIGCONT: Continue,
	abi.SIGSTOP: Stop, abi.SIGTSTP: Stop, abi.SIGTTIN: Stop, abi.SIGTTOU: Stop,
}

// Default is what a signal does without a handler.
func Default(sig int32) Disposition { return dispositions[sig] }

// Ignored reports whether a process with these actions throws a signal away at once.
func (s *Actions) Ignored(sig int32) bool {
	switch s[sig].Handler {
	case abi.SIG_IGN:
		return sig != abi.SIGKILL && sig != abi.SIGSTOP
	case abi.SIG_DFL:
		return dispositions[sig] == Ignore
	}
	return false
}

// Sets of signals: those that stop a process, that nobody can block, that a fault
// raises, and that dump core.
const (
	Stops       = 1<<(abi.SIGSTOP-1) | 1<<(abi.SIGTSTP-1) | 1<<(abi.SIGTTIN-1) | 1<<(abi.SIGTTOU-1)
	Unblockable = 1<<(abi.SIGKILL-1) | 1<<(abi.SIGSTOP-1)
	Faults      = 1<<(abi.SIGSEGV-1) | 1<<(abi.SIGBUS-1) | 1<<(abi.SIGILL-1) | 1<<(abi.SIGFPE-1) | 1<<(abi.SIGTRAP-1) | 1<<(abi.SIGSYS-1)
	DumpCore    = Faults | 1<<(abi.SIGQUIT-1) | 1<<(abi.SIGABRT-1) | 1<<(abi.SIGXCPU-1) | 1<<(abi.SIGXFSZ-1)
)

// Reset sets all handlers to the default and leaves what is ignored.
func (s *Actions) Reset() {
	for i := range s {
		if s[i].Handler != abi.SIG_IGN {
			s[i] = abi.Sigaction{}
		} else {
			s[i] = abi.Sigaction{Handler: abi.SIG_IGN}
		}
	}
}

// Valid reports whether there is a signal of a number.
func Valid(sig int) bool { return sig >= 1 && sig <= Last }

// Sets are the signals that are ignored and that have handlers.
func (s *Actions) Sets() (ignored, caught uint64) {
	for sig := int32(1); sig <= Last; sig++ {
		switch s[sig].Handler {
		case abi.SIG_DFL:
		case abi.SIG_IGN:
			ignored |= Bit(sig)
		default:
			caught |= Bit(sig)
		}
	}
	return ignored, caught
}
