package event

import "slices"

// AbsentRow describes an event of PANDA's that a program in user mode cannot have.
type AbsentRow struct {
	Name    string
	Aliases []string
	Doc     string
	Why     string // a sentence for who subscribes to it
}

const (
	noPhysical = "a program in user mode has no physical memory; virt_mem events tell of its accesses"
	noDevices  = "a program in user mode has no devices; syscall events tell of its input and output"
	noMachine  = "a program in user mode is no machine whose state is loaded; process_start tells when a program begins"
)

// Absent is the table of these events.
var Absent = []AbsentRow{
	{"phys_mem_before_read", nil, "before physical memory is read", noPhysical},
	{"phys_mem_after_read", []string{"phys_mem_read"}, "after physical memory was read", noPhysical},
	{"phys_mem_before_write", []string{"phys_mem_write"}, "before physical memory is written", noPhysical},
	{"phys_mem_after_write", nil, "after physical memory was written", noPhysical},
	{"monitor", nil, "somebody gave plugin_cmd at the monitor", "user mode has no monitor; what a plugin exports can be called at the prompt"},
	{"llvm_init", nil, "the LLVM back end begins", "this build has no LLVM back end"},
	{"before_interrupt", nil, "a hardware interrupt is about to be delivered", "a program in user mode gets no interrupts; before_exception tells of exceptions"},
	{"mmio_read", nil, "memory of a device was read", noDevices},
	{"mmio_write", nil, "memory of a device was written", noDevices},
	{"unassigned_io_read", nil, "a read where no device is", noDevices},
	{"unassigned_io_write", nil, "a write where no device is", noDevices},
	{"hd_transfer", []string{"replay_hd_transfer"}, "a disk moved data", noDevices},
	{"dma_before", []string{"replay_before_dma", "replay_before_cpu_physical_mem_rw_ram"}, "before a device accesses memory", noDevices},
	{"dma_after", []string{"replay_after_dma", "replay_after_cpu_physical_mem_rw_ram"}, "after a device accessed memory", noDevices},
	{"handle_packet", []string{"replay_handle_packet"}, "a network card moved a packet", noDevices},
	{"serial_tx", []string{"replay_serial_write"}, "a serial line sent a byte", noDevices},
	{"serial_rx", []string{"replay_serial_receive"}, "a serial line received a byte", noDevices},
	{"machine_init", []string{"after_machine_init"}, "the machine was made", noMachine},
	{"before_loadvm", nil, "before the machine's state is loaded", noMachine},
	{"after_loadvm", nil, "after the machine's state was loaded", noMachine},
}

func (a *AbsentRow) is(name string) bool {
	return a.Name == name || slices.Contains(a.Aliases, name)
}
