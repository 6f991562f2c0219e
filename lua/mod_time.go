package lua

import (
	"errors"
	"fmt"
	"path"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

func pandaAt(s *State, L *glua.LState) int {
	n := argInt(L, 1)
	return s.timer(L, func(fn func()) *event.Timer { return s.host.At(n, fn) })
}

func pandaEvery(s *State, L *glua.LState) int {
	n := argInt(L, 1)
	if n == 0 {
		L.ArgError(1, "must be positive")
	}
	return s.timer(L, func(fn func()) *event.Timer { return s.host.Every(n, fn) })
}

func (s *State) timer(L *glua.LState, set func(fn func()) *event.Timer) int {
	h := s.needHost(L)
	cb := s.newCallback(event.Detached, L.CheckFunction(2))
	cb.sub = set(func() { cb.call(h.CPU(), 0) }).Sub
	L.Push(s.handleOf(cb))
	return 1
}

func pandaCall(s *State, L *glua.LState) int { return s.callGuest(L, s.needHost(L).Call) }

// pandaOriginal is pandaCall without the hooks of the function.
func pandaOriginal(s *State, L *glua.LState) int {
	return s.callGuest(L, s.needHost(L).CallOriginal)
}

// callGuest runs a guest function. Texts are put below the stack, beyond the red
// zone (System V ABI, x86-64 supplement, 3.2.2), and what was there comes back.
func (s *State) callGuest(L *glua.LState, call func(fn guest.Addr, args ...uint64) (uint64, error)) int {
	fn := s.argAddr(L, 1)
	c := s.host.CPU()
	texts := &callTexts{c: c, at: c.SP() - 4096}
	var args []uint64
	for i := 2; i <= L.GetTop(); i++ {
		text, ok := L.Get(i).(glua.LString)
		if !ok {
			args = append(args, argInt(L, i))
			continue
		}
		a, err := texts.put(string(text))
		if err != nil {
			texts.restore()
			return pushError(L, err)
		}
		args = append(args, uint64(a))
	}
	ret, err := call(fn, args...)
	texts.restore()
	if errors.Is(err, plugin.ErrTooDeep) { // nobody may go on as if nothing were: it would call again
		L.RaiseError("call of %s: %v (panda.original)", L.Get(1).String(), err)
	}
	if err != nil {
		return pushError(L, fmt.Errorf("call of %s: %w", L.Get(1).String(), err))
	}
	L.Push(s.box(ret))
	return 1
}

// callTexts are the texts that a call gets.
type callTexts struct {
	c   *vcpu.CPU
	at  guest.Addr // the lowest address in use
	old []savedBytes
}

type savedBytes struct {
	at guest.Addr
	b  []byte
}

func (t *callTexts) put(text string) (guest.Addr, error) {
	a := (t.at - guest.Addr(len(text)) - 1) &^ 15
	old := make([]byte, len(text)+1)
	err := t.c.Read(a, old)
	if err == nil {
		err = t.c.Write(a, append([]byte(text), 0))
	}
	if err != nil {
		return 0, fmt.Errorf("a text of %d bytes for a call: %w", len(text), err)
	}
	t.at, t.old = a, append(t.old, savedBytes{a, old})
	return a, nil
}

func (t *callTexts) restore() {
	for _, o := range t.old {
		if err := t.c.Write(o.at, o.b); err != nil {
			panic(fmt.Errorf("the stack at %#x is gone after a call: %w", uint64(o.at), err))
		}
	}
}

func pandaSymbols(s *State, L *glua.LState) int {
	L.Push(s.fromGo(s.needHost(L).Symbols(L.CheckString(1))))
	return 1
}

// pandaProgram tells of the program: of the mapped files the first that is named
// as the process is (the kernel keeps 15 characters of it).
func pandaProgram(s *State, L *glua.LState) int {
	h := s.needHost(L)
	m := h.CPU().Machine
	files := ListModules(h.Core().Regions())
	t := L.NewTable()
	t.RawSetString("pid", Signed(int64(m.Process)))
	t.RawSetString("arch", glua.LString(m.Arch.Name.String()))
	t.RawSetString("bits", glua.LNumber(m.Arch.Bits))
	for i := range files {
		f := &files[i]
		name := path.Base(f.Path)
		if i > 0 && !strings.HasPrefix(name, m.Comm) {
			continue
		}
		t.RawSetString("path", glua.LString(f.Path))
		t.RawSetString("name", glua.LString(name))
		t.RawSetString("start", Int(uint64(f.Start)))
		t.RawSetString("stop", Int(uint64(f.End)))
		if strings.HasPrefix(name, m.Comm) {
			break
		}
	}
	L.Push(t)
	return 1
}

func pandaThreads(s *State, L *glua.LState) int {
	t := L.NewTable()
	for _, th := range s.needHost(L).Threads() {
		r := L.NewTable()
		r.RawSetString("tid", Signed(int64(th.TID)))
		r.RawSetString("pid", Signed(int64(th.PID)))
		r.RawSetString("comm", glua.LString(th.Comm))
		r.RawSetString("pc", Int(uint64(th.PC)))
		r.RawSetString("state", glua.LString(th.State))
		r.RawSetString("call", glua.LString(th.Call))
		t.Append(r)
	}
	L.Push(t)
	return 1
}
