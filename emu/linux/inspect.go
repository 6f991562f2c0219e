package linux

import (
	"slices"

	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// What users and plugins may see of the guest's processes.

// ThreadInfo is a guest thread as it is between two instructions.
type ThreadInfo struct {
	TID, PID int
	Comm     string
	PC       guest.Addr
	State    string // running, ready, waiting, stopped
	Call     string // name of the system call that it waits in
}

// Threads lists the threads that are alive, by id.
func (k *Kernel) Threads() []ThreadInfo {
	var ts []ThreadInfo
	for _, t := range k.tasks.threads {
		i := ThreadInfo{TID: t.tid, PID: t.p.pid, Comm: t.comm, PC: guest.Addr(t.pc()), State: t.stateName()}
		if t.state == parked && t.call.active {
			i.Call = t.newEvent().Name
		}
		ts = append(ts, i)
	}
	slices.SortFunc(ts, func(a, b ThreadInfo) int { return a.TID - b.TID })
	return ts
}

func (t *Thread) stateName() string {
	switch {
	case t.p.job.stopped:
		return "stopped"
	case t.state == parked:
		return "waiting"
	case t == t.k.sched.cur:
		return "running"
	}
	return "ready"
}

// Symbols lists the names of the current address space that begin with a prefix.
func (k *Kernel) Symbols(prefix string) []string {
	if k.end.exited {
		return nil
	}
	return k.syms.Symbols(k.space(), prefix)
}

// Resolved notes what the resolver of an indirect function chose.
func (k *Kernel) Resolved(resolver, impl guest.Addr) bool {
	return k.syms.Resolved(k.space(), resolver, impl)
}

// Unresolved are the resolvers of names that take takes, in the current address
// space, whose choice is not known.
func (k *Kernel) Unresolved(take func(name string) bool) []guest.Addr {
	if k.end.exited {
		return nil
	}
	return k.syms.Unresolved(k.space(), take)
}

// Tap makes Run return soon for its caller's own sake; see vcpu.CPU.Tap. It may
// be called from any goroutine.
func (k *Kernel) Tap() {
	k.cpu.Tap()
	k.host.Ring()
}

// Divert shows signals from outside to take first; see hostsys.Host.
func (k *Kernel) Divert(take func(sig int) bool) { k.host.Divert(take) }

func (k *Kernel) homeOf(a guest.Addr) (string, bool) { return k.syms.Home(k.space(), a) }

func (k *Kernel) namesAt(a guest.Addr) []string { return k.syms.Names(k.space(), a) }

func (k *Kernel) findSymbols(s vcpu.Space, take func(name string) bool) []guest.Addr {
	return k.syms.Matching(s.(*mmu.Space), take)
}

// space is the current address space, nil before there is one.
func (k *Kernel) space() *mmu.Space {
	s, _ := k.cpu.Space.(*mmu.Space)
	return s
}
