package linux

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
	"panda/emu/vcpu"
)

// randomEngine makes calls with arguments that a hostile program might use.
type randomEngine struct {
	rng   *rand.Rand
	calls []abi.Call
	gate  vcpu.Gate
	left  int
	icnt  uint64
	args  []ir.Ref // of both ABIs
	last  string
}

func (e *randomEngine) Drop(vcpu.Space, bool) {}

func (e *randomEngine) Run(c *vcpu.CPU, _ int64) vcpu.Stop {
	e.icnt++
	c.Deadline, c.Left, c.Gate = e.icnt, 0, e.gate
	if e.left--; e.left < 0 {
		c.W[regs.RAX], c.Gate = unix.SYS_EXIT_GROUP, regs.GateSyscall
		return vcpu.StopSyscall
	}
	row := &e.calls[e.rng.IntN(len(e.calls))]
	e.last = row.Name
	c.W[regs.RAX] = uint64(row.Number)
	for _, r := range e.args {
		c.W[r] = e.arg()
	}
	return vcpu.StopSyscall
}

// arg is a small number, an address in or near memory, or garbage.
func (e *randomEngine) arg() uint64 {
	switch e.rng.IntN(8) {
	case 0, 1, 2:
		return uint64(e.rng.IntN(12))
	case 3, 4:
		return 0x410000 + uint64(e.rng.IntN(64))*8
	case 5:
		return 0x400000 + uint64(e.rng.IntN(0x200000))
	case 6:
		return uint64(1) << e.rng.IntN(64)
	}
	return -uint64(e.rng.IntN(200))
}

// guarded keeps random calls from doing harm outside, and from waiting.
type guarded struct {
	hostsys.Door
	k   **Kernel
	dir string
}

// outside tells whether a call names a file that does not lie in the directory
// of the test. Names relative to an open directory do, as none other opens.
func (g guarded) outside(c *hostsys.Call) bool {
	for _, a := range c.Args {
		name, isString := strings.CutSuffix(string(a.Buf), "\x00")
		switch {
		case a.Dir != hostsys.In || !isString || *g.k == nil:
		case strings.Contains(name, ".."):
			return true
		case strings.HasPrefix(name, "/") && !strings.HasPrefix(name, g.dir+"/") && !strings.HasPrefix(name, "/proc/self/fd"):
			return true
		}
	}
	return false
}

func (g guarded) Do(c *hostsys.Call) {
	if g.outside(c) {
		c.Ret, c.Err = -1, abi.EPERM
		return
	}
	switch c.Nr {
	case unix.SYS_KILL, unix.SYS_SYNC, unix.SYS_SYNCFS, unix.SYS_FALLOCATE, unix.SYS_FTRUNCATE:
		c.Ret, c.Err = -1, abi.EPERM
		return
	case unix.SYS_PPOLL:
		c.Args[2] = hostsys.Arg{Dir: hostsys.In, Buf: make([]byte, 16)}
		if k := *g.k; k != nil {
			for _, t := range append([]*Thread(nil), k.tasks.threads...) {
				t.interrupt()
			}
		}
	}
	g.Door.Do(c)
}

// harmless leaves out what ends the test early or makes threads without number.
func harmless(all []abi.Call) (calls []abi.Call) {
	without := map[string]bool{
		"exit": true, "exit_group": true, "fork": true, "vfork": true, "clone": true, "clone3": true,
		"kill": true, "tkill": true, "tgkill": true, "rt_sigreturn": true, "rt_sigqueueinfo": true, "rt_tgsigqueueinfo": true,
		"pidfd_send_signal": true, "alarm": true, "setitimer": true, "timer_settime": true,
		"sigreturn": true, "timer_settime64": true,
	}
	for _, c := range all {
		if !without[c.Name] {
			calls = append(calls, c)
		}
	}
	return calls
}

func TestRandomCalls(t *testing.T)     { randomCalls(t, abi.X86_64, regs.GateSyscall) }
func TestRandomCallsI386(t *testing.T) { randomCalls(t, abi.I386, regs.GateInt80) }

func randomCalls(t *testing.T, calls []abi.Call, gate vcpu.Gate) {
	n := 3000
	if testing.Short() {
		n = 300
	}
	narrow := newI386().Regs.Args
	args := append(argRegs64[:], narrow[:]...)
	for seed := range uint64(20) {
		var k *Kernel
		cfg := testConfig(t, t.TempDir())
		newFakeEngine(t).image(cfg.Command.Path, nil)
		cfg.Host.Door = guarded{cfg.Host.Door, &k, cfg.Command.Dir}
		e := &randomEngine{rng: rand.New(rand.NewPCG(seed, 7)), calls: harmless(calls), gate: gate, args: args, left: n}
		c := newFakeCPU()
		made, err := New(cfg, c, e)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 64 { // words that serve as paths, lengths, flags and pointers
			word := []byte([]string{"f\x00", "d\x00", "d/f\x00", "\x00", "\x03\x00\x00\x00", "\x40\x00\x41\x00\x00\x00", "/proc/self/fd\x00", "\xff\xff\xff\xff"}[i%8])
			made.sched.cur.p.mm.Space.Write(guest.Addr(0x410000+8*i), word[:min(8, len(word))])
		}
		os.Mkdir(cfg.Command.Dir+"/d", 0o700)
		k = made
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("seed %d: %s", seed, e.last)
					panic(r)
				}
			}()
			k.Run()
		}()
		k.Close()
	}
}
