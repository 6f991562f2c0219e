package linux

import (
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/mmu"
)

// fireProcess tells callbacks of a process's event.
func (k *Kernel) fireProcess(kind event.Kind, p event.Process) {
	k.bus.Fire(kind, &event.Env{CPU: k.cpu, PC: k.cpu.PC(), Process: &p})
}

// fireThread tells callbacks of a thread's event.
func (k *Kernel) fireThread(kind event.Kind, t *Thread, status int) {
	of := event.Thread{TID: t.tid, PID: t.p.pid, Status: status}
	k.bus.Fire(kind, &event.Env{CPU: k.cpu, PC: k.cpu.PC(), Thread: &of})
}

// modules are the mappings of files' code that overlap [a, a+n), if anybody wants
// to know.
func (k *Kernel) modules(s *mmu.Space, kind event.Kind, a guest.Addr, n uint64) []event.MappedModule {
	if !k.bus.Watched(kind) {
		return nil
	}
	var ms []event.MappedModule
	for r := range s.Overlapping(a, n) {
		if r.Prot&guest.Exec != 0 && r.Name != "" && r.Name[0] == '/' {
			ms = append(ms, event.MappedModule{Path: r.Name, Start: max(r.Start, a), End: min(r.End, a+guest.Addr(n))})
		}
	}
	return ms
}

func (k *Kernel) fireModules(kind event.Kind, ms []event.MappedModule) {
	for i := range ms {
		k.bus.Fire(kind, &event.Env{CPU: k.cpu, PC: k.cpu.PC(), Module: &ms[i]})
	}
}
