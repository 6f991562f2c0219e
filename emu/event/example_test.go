package event_test

import (
	"fmt"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Whoever makes events fires them on a Bus; what subscribes names a kind, a filter
// and a function of the kind's type.
func ExampleBus() {
	b, owner := event.NewBus(), &event.Owner{Name: "example"}
	b.Subscribe(owner, event.ThreadStart, nil, event.ThreadFunc(func(_ *vcpu.CPU, t *event.Thread) {
		fmt.Println("thread", t.TID, "of process", t.PID)
	}))
	c := &vcpu.CPU{Machine: &vcpu.Machine{Arch: &vcpu.Arch{}}}
	b.Fire(event.ThreadStart, &event.Env{CPU: c, Thread: &event.Thread{TID: 8, PID: 7}})
	b.Fire(event.ThreadExit, &event.Env{CPU: c, Thread: &event.Thread{TID: 8, PID: 7}}) // nobody asked for it
	b.RemoveOwner(owner)
	fmt.Println(b.Watched(event.ThreadStart))
	// Output:
	// thread 8 of process 7
	// false
}

// A filter's parts must all match; a part with several values takes each of them.
func ExampleNewFilter() {
	f, err := event.NewFilter(event.Mnemonic("call", "ret"), event.Module("libc.so*"), event.Every(100))
	fmt.Println(f, err)
	fmt.Println(f.Check(event.InsnExec))
	fmt.Println(f.Check(event.SyscallEnter))
	// Output:
	// mnemonic=call|ret module=libc.so* every=100 <nil>
	// <nil>
	// syscall_enter has no filter "mnemonic"; it takes: name, number
}

// Bytes of an instruction: ?? is any byte, | divides alternatives.
func ExampleParsePattern() {
	p, err := event.ParsePattern("0f 05 | e8 ?? ?? 00")
	fmt.Println(p, err)
	fmt.Println(p.Match([]byte{0x0f, 0x05, 0xc3}), p.Match([]byte{0xe8, 1, 2, 0, 0}), p.Match([]byte{0x0f, 0x34}))
	// Output:
	// 0f 05 | e8 ?? ?? 00 <nil>
	// true true false
}

// A condition over what an event tells, and the registers.
func ExampleParseWhen() {
	none := func(string) vcpu.Register { return nil }
	x, err := event.ParseWhen(event.SyscallLeave, "name == 'open*' and ret < 0", none)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []event.Syscall{{Name: "openat", Ret: -2}, {Name: "openat", Ret: 3}, {Name: "close", Ret: -9}} {
		fmt.Println(s.Name, s.Ret, x.True(&event.Env{Call: &s}))
	}
	_, err = event.ParseWhen(event.SyscallLeave, "ret <", none)
	fmt.Println(err)
	// Output:
	// openat -2 true
	// openat 3 false
	// close -9 false
	// when: an operand is missing
	//   ret <
	//        ^
}

// Kinds have names; Lua and the command line use them.
func ExampleParseKind() {
	k, err := event.ParseKind("virt_mem_read")
	fmt.Println(k, err)
	_, err = event.ParseKind("virt_mem_raed")
	fmt.Println(err)
	rows, _ := event.Glob("thread_exit")
	for _, r := range rows {
		fmt.Printf("%s(%s): %s\n", r.Name, r.Args, r.Doc)
	}
	// Output:
	// virt_mem_after_read <nil>
	// no event "virt_mem_raed" (did you mean "virt_mem_read"?)
	// thread_exit(tid, pid, status): a thread ended
}

// Places are chosen when code is translated: what a subscription wants of an
// instruction is asked once.
func ExampleFilter_MatchInsn() {
	f, _ := event.NewFilter(event.Within(0x1000, 0x2000))
	m := &vcpu.Machine{
		Symbol: func(guest.Addr) (string, uint64, bool) { return "", 0, false },
		Module: func(guest.Addr) (string, guest.Addr, bool) { return "", 0, false },
	}
	fmt.Println(f.MatchInsn(event.InsnAt(m, 0x1004)), f.MatchInsn(event.InsnAt(m, 0x2000)))
	// Output:
	// true false
}
