package linux

import (
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/vcpu"
)

// threadStacks tells of a thread's stacks.
func (k *Kernel) threadStacks(tid int) vcpu.Stacks {
	t := k.thread(tid)
	if t == nil {
		return vcpu.Stacks{}
	}
	s := vcpu.Stacks{SP: guest.Addr(t.sp()), Own: t.own}
	if t.signal.stack.Flags&abi.SS_DISABLE == 0 {
		s.Alt = vcpu.Extent{Lo: guest.Addr(t.signal.stack.SP), Hi: guest.Addr(t.signal.stack.SP + t.signal.stack.Size)}
	}
	return s
}

// mainStack is the stack of a program's first thread.
func mainStack(m *mm.MM) vcpu.Extent {
	return vcpu.Extent{Lo: m.Layout.StackTop - guest.Addr(m.Layout.StackSize), Hi: m.Layout.StackTop}
}

// ownStack is the stack of a thread or process that t makes. clone3 says how large
// it is. clone does not: there it is what lies above a guard page, as the stacks of
// C libraries do. Without one it may be a part of anything, such as a heap that
// holds other stacks as well.
func (t *Thread) ownStack(a *cloneArgs) vcpu.Extent {
	top := guest.Addr(a.stack)
	switch {
	case a.stack == 0:
		return t.own
	case a.stackSize != 0:
		return vcpu.Extent{Lo: top - guest.Addr(a.stackSize), Hi: top}
	}
	r, ok := t.p.mm.Space.Region(top - 1)
	if !ok {
		return vcpu.Extent{}
	}
	if guard, ok := t.p.mm.Space.Region(r.Start - 1); !ok || guard.Prot != 0 {
		return vcpu.Extent{}
	}
	return vcpu.Extent{Lo: r.Start, Hi: top}
}
