package linux

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/arch/x86/regs"
	"panda/emu/linux/abi"
	"panda/emu/vcpu"
)

// callEngine makes the same call again and again.
type callEngine struct {
	nr   uint64
	args [6]uint64
	left int
	icnt uint64
}

func (e *callEngine) Drop(vcpu.Space, bool) {}

func (e *callEngine) Run(c *vcpu.CPU, _ int64) vcpu.Stop {
	e.icnt++
	c.Deadline, c.Left, c.Gate = e.icnt, 0, regs.GateSyscall
	c.W[regs.RAX] = e.nr
	for i, r := range argRegs64 {
		c.W[r] = e.args[i]
	}
	if e.left--; e.left < 0 {
		c.W[regs.RAX] = unix.SYS_EXIT_GROUP
	}
	return vcpu.StopSyscall
}

func BenchmarkCalls(b *testing.B) {
	rows := []struct {
		name string
		nr   uint64
		args [6]uint64
	}{
		{"getppid", unix.SYS_GETPPID, [6]uint64{}},
		{"clock_gettime", unix.SYS_CLOCK_GETTIME, [6]uint64{1, 0x420000}},
		{"read", unix.SYS_READ, [6]uint64{3, 0x420000, 1}},
		{"fstat", unix.SYS_FSTAT, [6]uint64{3, 0x420000}},
		{"brk", unix.SYS_BRK, [6]uint64{}},
		{"access", unix.SYS_ACCESS, [6]uint64{0x420000}},
		{"futex_wake", unix.SYS_FUTEX, [6]uint64{0x420000, abi.FUTEX_WAKE | abi.FUTEX_PRIVATE_FLAG, 1}},
	}
	for _, r := range rows {
		b.Run(r.name, func(b *testing.B) {
			s := testConfig(b, b.TempDir())
			newFakeEngine(b).image(s.Command.Path, nil)
			e := &callEngine{nr: r.nr, args: r.args, left: b.N}
			c := newFakeCPU()
			k, err := New(s, c, e)
			if err != nil {
				b.Fatal(err)
			}
			defer k.Close()
			fd, _ := k.host.Openat(unix.AT_FDCWD, "/dev/zero", unix.O_RDONLY|unix.O_CLOEXEC, 0)
			k.sched.cur.files.set(3, k.newFile(fd, "/dev/zero", 0), false)
			b.ResetTimer()
			k.Run()
		})
	}
}
