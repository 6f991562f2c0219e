package linux

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// exception turns an exception of the CPU into a signal.
func (t *Thread) exception(e guest.Exception) {
	k := t.k
	g, pc := k.guest, t.pc()
	if g.OfMemory(&e) && t.p.mm.GrowDown(e.Addr, t.p.limit(unix.RLIMIT_STACK)) {
		return
	}
	k.bus.Fire(event.BeforeException, &event.Env{CPU: k.cpu, PC: k.cpu.PC(), Exception: &e})
	if t.pc() != pc {
		return // a callback dealt with it
	}
	if g.Leave != nil {
		g.Leave(t.Words(), &e)
	}
	t.force(g.SignalOf(t, &e))
}

// MemorySignal is the signal of an access that memory does not allow: it tells a
// missing page, a protected one and one beyond the end of its file apart. present says
// that the CPU found the page.
func (t *Thread) MemorySignal(e *guest.Exception, access guest.Access, present bool) abi.Siginfo {
	info := abi.Siginfo{Signo: abi.SIGSEGV, Code: abi.SEGV_MAPERR, Addr: uint64(e.Addr)}
	_, f := t.p.mm.Space.Slice(e.Addr, 1, access)
	switch {
	case f == nil, f.Bus, e.Bus: // the host's view counts: a cut file may have grown since
		if f != nil || e.Bus || !present {
			info.Signo, info.Code = abi.SIGBUS, abi.BUS_ADRERR
		} else {
			info.Code = abi.SEGV_ACCERR
		}
	case f.Mapped:
		info.Code = abi.SEGV_ACCERR
	}
	return info
}

// deathNotes are what a shell says of a process that a signal killed.
var deathNotes = map[int32]string{
	abi.SIGSEGV: "Segmentation fault", abi.SIGBUS: "Bus error", abi.SIGILL: "Illegal instruction",
	abi.SIGFPE: "Floating point exception", abi.SIGTRAP: "Trace/breakpoint trap", abi.SIGABRT: "Aborted", abi.SIGSYS: "Bad system call",
}

// reportDeath says that a fault kills the process: in the log, with registers, and,
// when no shell in the guest will, in one line on the guest's standard error. The line
// names symbols and is nothing that the guest does, so that it passes no door.
func (t *Thread) reportDeath(info abi.Siginfo) {
	note, ok := deathNotes[info.Signo]
	if !ok {
		return
	}
	where := fmt.Sprintf("pc %#x", t.pc())
	if name, off, ok := t.k.symbolAt(guest.Addr(t.pc())); ok {
		where += fmt.Sprintf(" <%s+%#x>", name, off)
	}
	if info.Kind() == abi.SigFault {
		where += fmt.Sprintf(", address %#x", info.Addr)
	}
	t.k.log.Info("process killed", "pid", t.p.pid, "tid", t.tid, "signal", note, "where", where, "registers", t.registers())
	if t.p == t.k.tasks.first && info.Code > 0 { // not when another process sent it
		t.k.cfg.Died(fmt.Sprintf("%s: %s (%s)\n", t.comm, note, where))
	}
}

// registers prints those of a dump.
func (t *Thread) registers() string {
	var b strings.Builder
	a := t.k.cpu.Machine.Arch
	for _, n := range a.Names {
		fmt.Fprintf(&b, "%s=%#x ", n, a.Lookup(n).Value(t.Words()))
	}
	return strings.TrimSuffix(b.String(), " ")
}
