// Package syscalls logs each SYSENTER and SYSCALL instruction with the number that
// RAX asks for: the example of the manual. It sees no INT 0x80, by which i386
// programs make calls too.
//
// Arguments: file, the log (syscalls.txt); decode, to log each call instead, made
// in whatever way, with its process, name, arguments and result, as strace prints
// them.
// Events: insn_exec at the bytes of SYSENTER and SYSCALL; syscall_leave with
// decode.
// Example: panda -panda syscalls:file=log.txt /bin/ls
package syscalls

import (
	"bufio"
	"fmt"
	"os"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

func init() {
	plugin.Register("syscalls", "logs PC and number at each SYSENTER and SYSCALL; decode: all calls by name", func() plugin.Plugin { return new(logger) })
}

type logger struct {
	file *os.File
	out  *bufio.Writer
}

// Init opens the log and asks for the instructions.
func (l *logger) Init(h *plugin.Host) (err error) {
	path := h.Args().String("file", "syscalls.txt", "log file")
	decode := h.Args().Bool("decode", "log names, arguments and results")
	if err := h.Args().Check(); err != nil {
		return err
	}
	if l.file, err = os.Create(path); err != nil {
		return err
	}
	l.out = bufio.NewWriter(l.file)
	if decode {
		h.SyscallLeave(nil, func(c *vcpu.CPU, s *event.Syscall) { fmt.Fprintf(l.out, "[%d] %s\n", c.Machine.Process, s.Text()) })
		return nil
	}
	h.InsnExec(event.Bytes("0f 34 | 0f 05"), func(c *vcpu.CPU, pc guest.Addr) {
		rax, _ := c.Reg("rax")
		fmt.Fprintf(l.out, "PC=%016x, SYSCALL=%016x\n", uint64(pc), rax)
	})
	return nil
}

// Close writes what is left.
func (l *logger) Close() error {
	if l.file == nil {
		return nil
	}
	if err := l.out.Flush(); err != nil {
		return err
	}
	return l.file.Close()
}
