package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/arch/x86/x86asm"
)

// steps counts what a program executed when it was stepped by ptrace.
type steps struct {
	mnemonics, places map[string]uint64
	reads             int
}

// stepNatively runs a program on the host CPU, instruction by instruction.
func stepNatively(program string, input []byte) (*steps, error) {
	runtime.LockOSThread() // ptrace belongs to a thread
	defer runtime.UnlockOSThread()
	cmd := exec.Command(program)
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	in, err := os.CreateTemp("", "panda-step")
	if err != nil {
		return nil, err
	}
	defer os.Remove(in.Name())
	defer in.Close()
	if _, err := in.Write(input); err != nil {
		return nil, err
	}
	if _, err := in.Seek(0, 0); err != nil {
		return nil, err
	}
	cmd.Stdin = in
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	s := &steps{mnemonics: map[string]uint64{}, places: map[string]uint64{}}
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
			return nil, err
		}
		if status.Exited() || status.Signaled() {
			return s, nil
		}
		if err := s.step(pid); err != nil {
			cmd.Process.Kill()
			return nil, err
		}
	}
}

func (s *steps) step(pid int) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	var code [16]byte
	if _, err := syscall.PtracePeekText(pid, uintptr(regs.Rip), code[:]); err != nil {
		return err
	}
	in, err := x86asm.Decode(code[:15], 64)
	if err != nil {
		return fmt.Errorf("% x: %w", code, err)
	}
	if in.Op == x86asm.SYSCALL && regs.Rax == syscall.SYS_READ {
		s.reads++
	}
	s.mnemonics[strings.ToLower(in.Op.String())]++
	s.places[fmt.Sprintf("%#x", regs.Rip)]++
	return syscall.PtraceSingleStep(pid)
}
