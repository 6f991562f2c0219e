// Package syscalls logs each system call instruction with the number that it
// asks for: the example of the manual.
//
// Arguments: file, the log (syscalls.txt).
// Events: insn_exec at the bytes of SYSENTER and SYSCALL.
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
	plugin.Register("syscalls", "logs PC and number of each system call", func() plugin.Plugin { return new(logger) })
}

type logger struct {
	file *os.File
	out  *bufio.Writer
}

// Init opens the log and asks for the instructions.
func (l *logger) Init(h *plugin.Host) (err error) {
	l.file, err = os.Create(h.Args().String("file", "syscalls.txt", "log file"))
	if err != nil {
		return err
	}
	l.out = bufio.NewWriter(l.file)
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
