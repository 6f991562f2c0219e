package oracle

import (
	"bufio"
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

// Selectors of the descriptors that segments makes.
const (
	tlsFirst = 12 // arch/x86/include/asm/segment.h: GDT_ENTRY_TLS_MIN
	selFS    = tlsFirst<<3 | 3
	selGS    = (tlsFirst+1)<<3 | 3
)

// segments makes two data segments, for FS and GS of 32-bit code: there a null
// selector may not be used. A kernel without 32-bit programs has none.
func (o *Oracle) segments() error {
	const flags = 1<<0 | 1<<4 | 1<<6 // 32 bits, limit in pages, usable (asm/ldt.h)
	for i := range uint32(2) {
		err := o.setThreadArea(&[4]uint32{tlsFirst + i, 0, 0xfffff, flags})
		if err != nil && !errors.Is(err, syscall.EIO) {
			return fmt.Errorf("segments of the tracee: %w", err)
		}
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
