// Package event is what plugins can watch: the callback kinds, their payloads
// and filters, and the Bus on which rooms fire them. It knows no plugin and no
// engine. One table names each kind; listings, Lua names and documentation are
// made from it.
package event

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Kind is a kind of event.
type Kind uint8

// The kinds.
const (
	BeforeBlockTranslate Kind = iota
	AfterBlockTranslate
	BeforeBlockExecInvalidateOpt
	BeforeBlockExec
	AfterBlockExec
	InsnTranslate
	InsnExec
	AfterInsnExec
	VirtMemBeforeRead
	VirtMemAfterRead
	VirtMemBeforeWrite
	VirtMemAfterWrite
	GuestHypercall
	UserBeforeSyscall
	UserAfterSyscall
	SyscallEnter
	SyscallLeave
	CPURestoreState
	BeforeException
	ASIDChanged
	ProcessStart
	ProcessFork
	ProcessExit
	ThreadStart
	ThreadExit
	ModuleMapped
	ModuleUnmapped
	Shutdown
	NumKinds
	// Detached is the kind of callbacks that belong to no event of this table:
	// timers, events of plugins. Sub.What names them.
	Detached = NumKinds
)

// Row describes a kind.
type Row struct {
	Kind    Kind
	Name    string
	Aliases []string // the manual's other names
	Shape   *Shape
	Class   string // of the Fields that the event has, one or more; empty when it has none
	Args    string // what a callback gets after the CPU
	Returns string // what a result means; empty when unused
	Filters string // the filter keys it takes
	Cost    string
	Doc     string
}

const (
	insnFilters = "pc bytes mnemonic class symbol module"
	sysFilters  = "name number"
)

// Rows is the table of kinds, in the order of the constants.
var Rows = [NumKinds]Row{
	{
		BeforeBlockTranslate, "before_block_translate", nil, pcShape, "insn", "pc", "", "pc symbol module", "per translation",
		"before a block is translated",
	},
	{
		AfterBlockTranslate, "after_block_translate", nil, blockShape, "block", "tb", "", "pc symbol module", "per translation",
		"after a block was translated",
	},
	{
		BeforeBlockExecInvalidateOpt, "before_block_exec_invalidate_opt", nil, blockBoolShape, "block", "tb", "true: translate the block again and ask once more",
		"pc symbol module", "per block", "before a block runs, with the choice to translate it again",
	},
	{BeforeBlockExec, "before_block_exec", nil, blockShape, "block", "tb", "", "pc symbol module", "per block", "before a block runs"},
	{
		AfterBlockExec, "after_block_exec", nil, afterBlockShape, "block", "tb, next_tb", "", "pc symbol module", "per block, which is not chained",
		"after a block ran to its end or was left by an exception; next_tb is nil when the next block is not known",
	},
	{
		InsnTranslate, "insn_translate", nil, pcBoolShape, "insn", "pc", "true: fire insn_exec for this instruction", insnFilters, "per translation",
		"before an instruction is translated",
	},
	{
		InsnExec, "insn_exec", nil, pcShape, "insn", "pc", "", insnFilters, "per instruction chosen",
		"before an instruction runs that a filter or an insn_translate callback of the same plugin chose",
	},
	{
		AfterInsnExec, "after_insn_exec", nil, pcShape, "insn", "pc", "", insnFilters, "per instruction chosen",
		"after an instruction ran, also the last of a block, and each time that it branched to itself; not when it faulted; once when a string instruction is done",
	},
	{
		VirtMemBeforeRead, "virt_mem_before_read", nil, memShape, "mem", "pc, addr, size", "", insnFilters + " addr size", "per access",
		"before memory is read",
	},
	{
		VirtMemAfterRead, "virt_mem_after_read",
		[]string{"virt_mem_read", "mem_read"},
		memShape, "mem buf",
		"pc, addr, size, buf", "bytes or a number that replace the value; from Go: edit Buf", insnFilters + " addr size", "per access",
		"after memory was read; buf holds the bytes",
	},
	{
		VirtMemBeforeWrite, "virt_mem_before_write",
		[]string{"virt_mem_write", "mem_write"},
		memShape, "mem buf",
		"pc, addr, size, buf", "bytes or a number that replace the value; from Go: edit Buf", insnFilters + " addr size", "per access",
		"before memory is written; buf holds the bytes; twice when the store hits translated code, which is dropped in between",
	},
	{
		VirtMemAfterWrite, "virt_mem_after_write", nil, memShape, "mem buf", "pc, addr, size, buf", "", insnFilters + " addr size", "per access",
		"after memory was written",
	},
	{
		GuestHypercall, "guest_hypercall", nil, hypercallShape, "insn", "", "true: the call was for this plugin, the instruction does nothing else", "pc symbol module", "per hypercall",
		"the guest executes the instruction by which a program can talk to plugins: on x86 that is CPUID",
	},
	{UserBeforeSyscall, "user_before_syscall", nil, syscallShape, "sys", "number, arg1 … arg6", "", sysFilters, "per syscall", "before a system call of a program"},
	{UserAfterSyscall, "user_after_syscall", nil, syscallShape, "sys leave", "number, arg1 … arg6, ret", "", sysFilters, "per syscall", "after a system call of a program"},
	{
		SyscallEnter, "syscall_enter", nil, syscallBoolShape, "sys", "call {name number args}", "true: the call is not made, its result is call.ret", sysFilters, "per syscall",
		"a system call begins; decoded",
	},
	{
		SyscallLeave, "syscall_leave", nil, syscallShape, "sys leave", "call {name number args ret}", "", sysFilters, "per syscall",
		"a system call ended; decoded, ret is signed",
	},
	{
		CPURestoreState, "cpu_restore_state",
		[]string{"cb_cpu_restore_state"},
		blockShape, "block",
		"tb", "", "pc symbol module", "per fault",
		"an instruction raised an exception in the middle of a block: registers and pc are again those before it; assigning pc makes the guest go on there instead",
	},
	{
		BeforeException, "before_exception", nil, exceptionShape, "exc", "exception {vector code addr}", "", "number", "per exception",
		"the CPU is about to deliver an exception",
	},
	{ASIDChanged, "asid_changed", nil, asidShape, "asid", "old, new", "", "", "per switch", "another address space becomes current"},
	{
		ProcessStart, "process_start",
		[]string{"process_exec"},
		processShape, "proc",
		"pid, path", "", "name", "per process",
		"a program image was loaded by execve; the first program is there before plugins are, and has no such event",
	},
	{ProcessFork, "process_fork", nil, processShape, "proc fork", "pid, parent", "", "", "per process", "a process was made by fork, vfork or clone; it has not run yet"},
	{ProcessExit, "process_exit", nil, processShape, "proc", "pid, status", "", "", "per process", "a process ended"},
	{ThreadStart, "thread_start", nil, threadShape, "thread", "tid, pid", "", "", "per thread", "a thread was made, also the first of a new process; it has not run yet"},
	{ThreadExit, "thread_exit", nil, threadShape, "thread end", "tid, pid, status", "", "", "per thread", "a thread ended"},
	{
		ModuleMapped, "module_mapped", nil, moduleShape, "module", "path, start, end", "", "name", "per mapping",
		"code of a file was mapped: of a program and its interpreter by execve, else by mmap; the first program and its interpreter are there before plugins are",
	},
	{
		ModuleUnmapped, "module_unmapped", nil, moduleShape, "module", "path, start, end", "", "name", "per mapping",
		"code of a file was unmapped by munmap; what ends with its process is not reported",
	},
	{Shutdown, "shutdown", nil, plainShape, "", "", "", "", "once", "the guest has ended"},
}

// A table in disorder would be told of other events, by whoever meets them first.
func init() {
	if text := disorder(Rows[:]); text != "" {
		panic("BUG: the rows of event.Rows are not those of the constants: " + text)
	}
}

// disorder says which row is missing or is not in the place of its constant, "" for
// none.
func disorder(rows []Row) string {
	for i := range rows {
		switch r, before := &rows[i], rows[max(i-1, 0)].Name; {
		case r.Name == "":
			return fmt.Sprintf("none for constant %d, after %s", i, before)
		case int(r.Kind) != i:
			return fmt.Sprintf("%s stands in place %d, after %s; its constant is %d", r.Name, i, before, r.Kind)
		}
	}
	return ""
}

func (k Kind) String() string {
	if k == Detached {
		return "detached"
	}
	return Rows[k].Name
}

// MarshalText is the name, in files that other versions read.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is ParseKind.
func (k *Kind) UnmarshalText(b []byte) (err error) {
	*k, err = ParseKind(string(b))
	return err
}

// placed reports whether filters of the kind look at the code at the pc.
func (k Kind) placed() bool { return Rows[k].Class == "insn" || Rows[k].Class == "block" }

// counts reports whether translated code counts events of the kind, or who fires
// them where it is left.
func (k Kind) counts() bool {
	return k >= BeforeBlockExecInvalidateOpt && k <= VirtMemAfterWrite && k != InsnTranslate
}

// Batches reports whether events of the kind can be collected in batches.
func (k Kind) Batches() bool {
	switch {
	case k == InsnExec, k == AfterInsnExec, k == BeforeBlockExec:
		return true
	}
	return k >= VirtMemBeforeRead && k <= VirtMemAfterWrite
}

// ParseKind finds a kind by its name or alias. The error offers the nearest name.
func ParseKind(name string) (Kind, error) {
	low := strings.ToLower(strings.TrimPrefix(strings.ToUpper(name), "PANDA_CB_"))
	for i := range Rows {
		if Rows[i].Name == low || slices.Contains(Rows[i].Aliases, low) {
			return Rows[i].Kind, nil
		}
	}
	for i := range Absent {
		if a := &Absent[i]; a.is(low) {
			return 0, fmt.Errorf("event %s cannot occur here: %s", low, a.Why)
		}
	}
	return 0, fmt.Errorf("no event %q%s", name, DidYouMean(low, Names()))
}

// Names are all names and aliases.
func Names() []string {
	var ns []string
	for i := range Rows {
		ns = append(append(ns, Rows[i].Name), Rows[i].Aliases...)
	}
	return ns
}

// Glob lists the rows whose name or alias matches the shell pattern, all of
// them for "".
func Glob(pattern string) ([]*Row, error) {
	var rs []*Row
	for i := range Rows {
		r := &Rows[i]
		for _, n := range append([]string{r.Name}, r.Aliases...) {
			ok, err := path.Match(pattern, n)
			if err != nil {
				return nil, fmt.Errorf("pattern %q: %w", pattern, err)
			}
			if ok || pattern == "" {
				rs = append(rs, r)
				break
			}
		}
	}
	return rs, nil
}
