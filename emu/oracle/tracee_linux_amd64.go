package oracle

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// start makes the tracee: a process of the stub program, stopped at its first
// instruction, whose descriptor 0 is the memory.
func (o *Oracle) start(mem int) error {
	exe, err := memfd("oracle")
	if err != nil {
		return err
	}
	defer syscall.Close(exe)
	if _, err := syscall.Write(exe, stubELF()); err != nil {
		return fmt.Errorf("write program: %w", err)
	}
	path := "/proc/self/fd/" + strconv.Itoa(exe)
	o.pid, err = syscall.ForkExec(path, []string{"oracle"}, &syscall.ProcAttr{
		Files: []uintptr{uintptr(mem)},
		Sys:   &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return fmt.Errorf("start tracee: %w", err)
	}
	var st syscall.WaitStatus
	if _, err := syscall.Wait4(o.pid, &st, syscall.WALL, nil); err != nil {
		return fmt.Errorf("wait for tracee: %w", err)
	}
	if !st.Stopped() || st.StopSignal() != syscall.SIGTRAP {
		return fmt.Errorf("tracee did not stop at its program: status %#x", uint32(st))
	}
	if err := syscall.PtraceSetOptions(o.pid, ptraceExitKill); err != nil {
		return fmt.Errorf("ptrace options: %w", err)
	}
	return o.getRegs()
}

// kill ends the tracee, by its own process number.
func (o *Oracle) kill() error {
	if o.pid <= 0 {
		return nil
	}
	err := syscall.Kill(o.pid, syscall.SIGKILL)
	for {
		var st syscall.WaitStatus
		_, e := syscall.Wait4(o.pid, &st, syscall.WALL, nil)
		if e == nil && (st.Exited() || st.Signaled()) || e != nil && !errors.Is(e, syscall.EINTR) {
			break
		}
	}
	o.pid = 0
	return err
}

// call makes the tracee do a system call.
func (o *Oracle) call(nr uint64, a ...uint64) (uint64, error) {
	r := &o.regs
	args := [...]*uint64{&r.Rdi, &r.Rsi, &r.Rdx, &r.R10, &r.R8, &r.R9}
	for i, v := range a {
		*args[i] = v
	}
	r.Rax, r.Orig_rax, r.Rip = nr, ^uint64(0), stubCode
	if err := o.setRegs(); err != nil {
		return 0, err
	}
	st, err := o.resume(syscall.PTRACE_SINGLESTEP)
	if err != nil {
		return 0, err
	}
	if !st.Stopped() || st.StopSignal() != syscall.SIGTRAP {
		return 0, fmt.Errorf("system call %d in the tracee: status %#x", nr, uint32(st))
	}
	if err := o.getRegs(); err != nil {
		return 0, err
	}
	if e := -int64(r.Rax); e > 0 && e < 4096 {
		return 0, syscall.Errno(e)
	}
	return r.Rax, nil
}

// unmapAll leaves the tracee nothing but its program: no stack, no vdso.
func (o *Oracle) unmapAll() error {
	f, err := os.Open(fmt.Sprintf("/proc/%d/maps", o.pid))
	if err != nil {
		return err
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		span, _, _ := strings.Cut(sc.Text(), " ")
		from, to, _ := strings.Cut(span, "-")
		a, err1 := strconv.ParseUint(from, 16, 64)
		b, err2 := strconv.ParseUint(to, 16, 64)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if a == stubAddr || a >= 1<<63 { // the vsyscall page cannot go
			continue
		}
		if _, err := o.call(syscall.SYS_MUNMAP, a, b-a); err != nil {
			return fmt.Errorf("unmap %s of the tracee: %w", span, err)
		}
	}
	return nil
}

// mapRegions maps the regions, one after the other in the memory file.
func (o *Oracle) mapRegions() error {
	off := uint64(0)
	for _, r := range o.regions {
		prot := uint64(syscall.PROT_READ)
		if r.Write {
			prot |= syscall.PROT_WRITE
		}
		if r.Exec {
			prot |= syscall.PROT_EXEC
		}
		at, err := o.call(syscall.SYS_MMAP, r.Addr, r.Size, prot, syscall.MAP_SHARED|mapFixedNoReplace, 0, off)
		if err == nil && at != r.Addr {
			err = syscall.EEXIST
		}
		if err != nil {
			return fmt.Errorf("map %#x of the tracee: %w", r.Addr, err)
		}
		off += r.Size
	}
	return nil
}

// describe makes the segments of SelFS and SelGS: in 32-bit code a null selector may
// not be used. A kernel without 32-bit programs has none.
func (o *Oracle) describe() error {
	for i := range uint32(2) {
		err := o.setThreadArea(Flat.userDesc(tlsFirst + i))
		if err != nil && !errors.Is(err, syscall.EIO) {
			return fmt.Errorf("segments of the tracee: %w", err)
		}
	}
	return o.fillLDT()
}

// userDesc is the kernel's structure for entry n of a table.
func (s Segment) userDesc(n uint32) *[4]uint32 {
	return &[4]uint32{n, s.Base, s.Limit, uint32(s.Flags | segUsable)}
}

// fillLDT makes the local table, by way of the first memory that the tracee may
// write.
func (o *Oracle) fillLDT() error {
	const write = 0x11
	for _, r := range o.regions {
		if !r.Write {
			continue
		}
		b := o.Bytes(r.Addr, 16)
		defer clear(b)
		for i, s := range LDT {
			for k, v := range s.userDesc(uint32(i)) {
				binary.LittleEndian.PutUint32(b[4*k:], v)
			}
			if _, err := o.call(syscall.SYS_MODIFY_LDT, write, r.Addr, uint64(len(b))); err != nil {
				return fmt.Errorf("local descriptor table of the tracee: %w", err)
			}
		}
		return nil
	}
	return nil
}

// confine leaves the tracee no descriptor, and kills it at any system call but
// reading, writing and exiting: code under test has no business there.
func (o *Oracle) confine() error {
	const seccompStrict = 1
	if _, err := o.call(syscall.SYS_CLOSE, 0); err != nil {
		return fmt.Errorf("close the tracee's descriptor: %w", err)
	}
	if _, err := o.call(syscall.SYS_PRCTL, syscall.PR_SET_SECCOMP, seccompStrict); err != nil {
		return fmt.Errorf("confine the tracee: %w", err)
	}
	return nil
}
