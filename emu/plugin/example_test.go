package plugin_test

import (
	"fmt"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

// calls is a plugin as they are: Init takes the arguments and subscribes, Close
// tells what was found.
type calls struct {
	names []string
	most  uint64
}

func (p *calls) Init(h *plugin.Host) error {
	p.most = h.Args().Uint("n", 10, "how many to print")
	if err := h.Args().Check(); err != nil {
		return err
	}
	h.SyscallEnter(nil, func(_ *vcpu.CPU, s *event.Syscall) bool {
		p.names = append(p.names, s.Name)
		return false
	})
	return nil
}

func (p *calls) Close() error {
	fmt.Println(p.names[:min(len(p.names), int(p.most))])
	return nil
}

// A plugin that prints the system calls of the guest.
func Example() {
	run(&calls{})
	// Output:
	// hello
	// [write getpid exit_group]
}

// Callbacks for instructions that a filter chooses when code is translated.
func ExampleHost_InsnExec() {
	run(initFunc(func(h *plugin.Host) error {
		h.InsnExec(event.Mnemonic("dec"), func(c *vcpu.CPU, pc guest.Addr) {
			rcx, _ := c.Reg("rcx")
			fmt.Println("dec with", rcx)
		})
		return nil
	}))
	// Output:
	// dec with 3
	// dec with 2
	// dec with 1
	// hello
}

// A callback that returns true answers a system call itself.
func ExampleHost_SyscallEnter() {
	run(initFunc(func(h *plugin.Host) error {
		h.SyscallEnter(event.Name("write"), func(c *vcpu.CPU, s *event.Syscall) bool {
			text := make([]byte, s.Args[2])
			if err := h.VirtualMemoryRead(guest.Addr(s.Args[1]), text); err != nil {
				return false
			}
			fmt.Printf("%s of %q to descriptor %d\n", s.Name, text, s.Args[0])
			s.Ret = int64(len(text))
			return true
		})
		return nil
	}))
	// Output:
	// write of "hello\n" to descriptor 1
}

// What a callback before a write leaves in Buf is what the guest writes.
func ExampleHost_MemWrite() {
	run(initFunc(func(h *plugin.Host) error {
		h.MemWrite(event.Mnemonic("push"), func(_ *vcpu.CPU, m *vcpu.MemAccess) {
			fmt.Println("push of", m.Buf)
			m.Buf[0] = 7
		})
		h.AfterInsnExec(event.Mnemonic("pop"), func(c *vcpu.CPU, _ guest.Addr) {
			rbx, _ := c.Reg("rbx")
			fmt.Println("pop of", rbx)
		})
		return nil
	}))
	// Output:
	// push of [42 0 0 0 0 0 0 0]
	// pop of 7
	// hello
}

// The calls of a function, here by address.
func ExampleHost_HookCalls() {
	run(initFunc(func(h *plugin.Host) error {
		h.HookCalls(event.At(exampleDouble),
			func(c *vcpu.CPU, call *event.Call) { fmt.Println("enter with", call.Arg(c, 0)) },
			func(c *vcpu.CPU, call *event.Call) { fmt.Println("leave with", call.Result(c)) })
		return nil
	}))
	// Output:
	// enter with 21
	// leave with 42
	// hello
}

// Translated code adds to a counter: no function is called.
func ExampleHost_Counter() {
	var insns uint64
	run(initFunc(func(h *plugin.Host) error {
		f, err := event.NewFilter(event.Within(exampleStart, exampleDouble))
		if err != nil {
			return err
		}
		h.Counter(event.InsnExec, f, &insns)
		return nil
	}))
	fmt.Println(insns, "instructions")
	// Output:
	// hello
	// 21 instructions
}

// A batch collects events as records, for a plugin that does not look at the machine.
func ExampleHost_Batch() {
	run(initFunc(func(h *plugin.Host) error {
		_, err := h.Batch(event.InsnExec, event.Mnemonic("syscall"), vcpu.FieldPC|vcpu.FieldIcount, 0, func(rs []vcpu.Record) {
			for _, r := range rs {
				fmt.Printf("%#x after %d instructions\n", uint64(r.PC-exampleStart), r.Icount)
			}
		})
		return err
	}))
	// Output:
	// hello
	// 0x2b after 17 instructions
	// 0x32 after 19 instructions
	// 0x3b after 22 instructions
}

// A plugin exports values and events; another, which comes later, finds them by the
// plugin's name.
func ExampleHost_Listen() {
	teller := initFunc(func(h *plugin.Host) error {
		e := h.Event("doubled", "a number was doubled", "n")
		h.InsnExec(event.At(exampleDouble), func(c *vcpu.CPU, _ guest.Addr) {
			rdi, _ := c.Reg("rdi")
			e.Fire(rdi)
		})
		h.Export("answer", 42)
		return nil
	})
	listener := initFunc(func(h *plugin.Host) error {
		fmt.Println("the other exports", h.Get("example0").Lookup("answer"))
		_, err := h.Listen("example0", "doubled", func(args []any) { fmt.Println("doubled:", args[0]) })
		return err
	})
	run(teller, listener)
	// Output:
	// the other exports 42
	// doubled: 21
	// hello
}

// What -panda is given.
func ExampleParseSpecs() {
	specs, err := plugin.ParseSpecs(`coverage:file=ls.drcov;strings:min=6,find="a;b"`)
	for _, s := range specs {
		fmt.Println(s.Name, s.Args)
	}
	fmt.Println(err)
	_, err = plugin.ParseSpecs(`strings:find="a`)
	fmt.Println(err)
	// Output:
	// coverage [{file ls.drcov false}]
	// strings [{min 6 false} {find a;b false}]
	// <nil>
	// -panda "strings:find=\"a": the quote " is not closed
}
