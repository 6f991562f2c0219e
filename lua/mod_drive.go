package lua

import (
	"fmt"
	"slices"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
	"panda/lua/val"
)

// pandaBreakpoint is panda.on("insn_exec", …) with a callback that stops.
func pandaBreakpoint(s *State, L *glua.LState) int {
	f := s.functionFilter(L)
	return s.stopAt(L, event.InsnExec, f, 2, event.PCFunc(func(*vcpu.CPU, guest.Addr) { s.host.Core().Stop() }))
}

func pandaWatchpoint(s *State, L *glua.LState) int {
	s.needHost(L)
	a := s.argAddr(L, 1)
	f := &event.Filter{Addr: []event.Range{{Lo: a, Hi: a + guest.Addr(val.ArgLen(L, 2, 8))}}}
	return s.stopAt(L, event.VirtMemBeforeWrite, f, 3, event.MemFunc(func(*vcpu.CPU, *vcpu.MemAccess) { s.host.Core().Stop() }))
}

// stopAt subscribes; argument n is the condition, if there is one.
func (s *State) stopAt(L *glua.LState, k event.Kind, f *event.Filter, n int, fn any) int {
	h := s.needHost(L)
	if L.Get(n) != glua.LNil {
		p := &filterParser{s: s, L: L, kind: k, key: "when"}
		p.when(L.Get(n))
		f.When = p.f.When
	}
	cb := &callback{s: s, kind: k}
	cb.sub = h.Subscribe(k, f, fn)
	L.Push(s.handleOf(cb))
	return 1
}

func pandaStep(s *State, L *glua.LState) int { return s.drive(L, int64(val.ArgLen(L, 1, 1))) }

func pandaContinue(s *State, L *glua.LState) int { return s.drive(L, -1) }

func (s *State) drive(L *glua.LState, n int64) int {
	if s.opts.Drive == nil {
		L.RaiseError("only the prompt can run the guest: the guest is running, and a script is called by it")
	}
	if err := s.opts.Drive(n); err != nil {
		L.RaiseError("%v", err)
	}
	return 0
}

// pandaDetach unloads the script that calls it.
func pandaDetach(s *State, L *glua.LState) int {
	h := s.needHost(L)
	if l := h.Get(h.Name()); l != nil {
		if err := h.Unload(l); err != nil {
			L.RaiseError("%v", err)
		}
	}
	return 0
}

// colours are the parameters of ECMA-48's SGR (8.3.117).
var colours = map[string]string{
	"red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36", "bold": "1", "dim": "2",
}

func pandaColor(s *State, L *glua.LState) int {
	text, name := L.ToStringMeta(L.CheckAny(1)).String(), L.CheckString(2)
	code, ok := colours[name]
	if !ok {
		var names []string
		for n := range colours {
			names = append(names, n)
		}
		slices.Sort(names)
		L.ArgError(2, fmt.Sprintf("no color %q%s", name, event.DidYouMean(name, names)))
	}
	if s.opts.Color {
		text = "\x1b[" + code + "m" + text + "\x1b[m"
	}
	return val.PushString(L, text)
}
