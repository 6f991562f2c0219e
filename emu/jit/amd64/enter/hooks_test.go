//go:build linux && amd64

package enter

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/host"
	"panda/emu/jit/amd64/asm"
	"panda/emu/vcpu"
)

// TestPlaces holds what assembly code and machine code take for granted.
func TestPlaces(t *testing.T) {
	var c vcpu.CPU
	base := unsafe.Pointer(&c)
	if got := uintptr(unsafe.Pointer(&c.W[ctxWord])) - uintptr(base); got != Bias {
		t.Errorf("R15 is at %d of a CPU, not %d", got, Bias)
	}
	if got := unsafe.Offsetof(c.Host); got != unsafe.Sizeof(c.W) {
		t.Errorf("Host is at %d, not after the frame", got)
	}
	c.Kick()
	if *(*uint32)(unsafe.Add(base, vcpu.StopOffset())) == 0 {
		t.Error("StopOffset is not that of the stop word")
	}
	for _, f := range []struct {
		name string
		at   int
		p    unsafe.Pointer
	}{
		{"Landing", hostLanding, unsafe.Pointer(&c.Host.Landing)},
		{"Signal", hostSignal, unsafe.Pointer(&c.Host.Signal)},
		{"RIP", hostRIP, unsafe.Pointer(&c.Host.RIP)},
		{"Addr", hostAddr, unsafe.Pointer(&c.Host.Addr)},
		{"SP", hostSP, unsafe.Pointer(&c.Host.SP)},
		{"Regs", hostRegs, unsafe.Pointer(&c.Host.Regs)},
	} {
		if got := int(uintptr(f.p) - uintptr(unsafe.Pointer(&c.W[ctxWord]))); got != f.at {
			t.Errorf("Host.%s is at %d of R15, assembly uses %d", f.name, got, f.at)
		}
	}
}

func TestPreemptOff(t *testing.T) {
	for godebug, want := range map[string]bool{
		"":                                      false,
		"asyncpreemptoff=1":                     true,
		"asyncpreemptoff=0":                     false,
		"gctrace=1,asyncpreemptoff=1,x=0":       true,
		"asyncpreemptoff=1,asyncpreemptoff=0":   false,
		"asyncpreemptoff=1,asyncpreemptoff=yes": true,
		"gccheckmark=1":                         true,
		"notasyncpreemptoff=1,asyncpreemptoffs": false,
	} {
		if got := preemptOff(godebug); got != want {
			t.Errorf("%q: %v", godebug, got)
		}
	}
}

// TestHookTwice: hooks that were put before themselves would run for ever.
func TestHookTwice(t *testing.T) {
	p := page(t)
	if err := hookSignals(); err != nil {
		t.Fatal(err)
	}
	for _, h := range hooks() {
		if goHandler[h.sig] == h.handler {
			t.Errorf("the hook of %s stands before itself", unix.SignalName(h.sig))
		}
	}
	var yield asm.Writer
	tryYield(&yield, unix.SIGURG)
	at := p.add(yield.Buf)
	c := &vcpu.CPU{}
	c.W[wordArg] = uint64(os.Getpid())
	Run(c, at)
	if got := *(*uint32)(unsafe.Add(unsafe.Pointer(c), vcpu.StopOffset())); got != stopYield {
		t.Errorf("SIGURG in machine code makes the stop word %d", got)
	}
	if !c.Yield() || c.Yield() {
		t.Error("SIGURG in machine code does not ask for a yield, once")
	}
}

// TestEnter enters from stacks that must grow, and comes back with all registers
// changed.
func TestEnter(t *testing.T) {
	p := page(t)
	at := p.add(trash(), []byte{0x49, 0x83, 0x07, 1}, ret) // add qword [r15], 1
	for depth := range 200 {
		done := make(chan float64)
		c := new(vcpu.CPU)
		go func() { done <- deep(c, at, depth*8) }()
		if got := <-done; got != 1.5 || c.W[wordArg] != 1 {
			t.Fatalf("depth %d: %v, counted %d", depth*8, got, c.W[wordArg])
		}
	}
}

func deep(c *vcpu.CPU, at uintptr, n int) float64 {
	if n > 0 {
		return deep(c, at, n-1)
	}
	x := 0.5
	Run(c, at)
	var zero [64]byte // by X15, which Go keeps zero
	if zero != [64]byte{} {
		return 0
	}
	return x + float64(c.W[wordArg])
}

// nilPanics is a fault of Go itself.
func nilPanics(p *int) (panics bool) {
	defer func() {
		_, panics = recover().(runtime.Error)
	}()
	*p = 1
	return false
}

func TestFaults(t *testing.T) {
	p := page(t)
	c := new(vcpu.CPU)
	for _, f := range faultCases(t) {
		r := p.fault(f)
		for range 3 {
			r.run(t, c)
			if !nilPanics(nil) {
				t.Fatalf("%s: a nil dereference does not panic any more", f.name)
			}
		}
	}
}

// TestNotify: a signal that somebody sends reaches Go, wherever it hits, also
// when it is one that the hooks are for.
func TestNotify(t *testing.T) {
	p := page(t)
	fault := p.fault(faultCases(t)[0])
	c := new(vcpu.CPU)
	for _, sig := range []unix.Signal{unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGURG, unix.SIGTRAP} {
		ch := make(chan os.Signal, 1)
		signal.Notify(ch, sig)
		at := p.add(send(sig), ret)
		unix.Kill(os.Getpid(), sig)
		<-ch
		for len(ch) > 0 { // Go's scheduler sends SIGURG too
			<-ch
		}
		c.W[wordArg] = uint64(os.Getpid())
		Run(c, at)
		if c.W[wordArg] != 0 {
			t.Errorf("%s: tgkill gave %d", unix.SignalName(sig), int64(c.W[wordArg]))
		}
		<-ch
		fault.run(t, c)
		signal.Stop(ch)
		signal.Reset(sig)
		fault.run(t, c)
	}
	if !nilPanics(nil) {
		t.Error("a nil dereference does not panic any more")
	}
}

// spinner runs machine code that leaves only when it is asked to.
type spinner struct {
	stop   atomic.Bool
	yields atomic.Int64
	done   chan struct{}
}

func startSpinner(at uintptr) *spinner {
	s := &spinner{done: make(chan struct{})}
	go func() {
		defer close(s.done)
		c := new(vcpu.CPU)
		for !s.stop.Load() {
			c.W[wordLeft] = 1 << 62
			Run(c, at)
			if c.Yield() {
				s.yields.Add(1)
			}
		}
	}()
	return s
}

// TestCollect: the garbage collector gets the thread of endless machine code, on
// one processor too.
func TestCollect(t *testing.T) {
	p := page(t)
	at := p.add(trash(), spin())
	for _, procs := range []int{1, 2} {
		old := runtime.GOMAXPROCS(procs)
		s := startSpinner(at)
		for s.yields.Load() < 3 {
			runtime.GC()
			runtime.Gosched()
		}
		s.stop.Store(true)
		runtime.GC()
		<-s.done
		runtime.GOMAXPROCS(old)
	}
}

// TestProfile: a sample in machine code counts for enter and its callers.
func TestProfile(t *testing.T) {
	p := page(t)
	at := p.add(trash(), []byte{0x49, 0x8b, 0x07, 0x49, 0x89, 0x47, 8}, // mov rax, [r15]; mov [r15+8], rax
		send(unix.SIGPROF), ret)
	var out bytes.Buffer
	if err := pprof.StartCPUProfile(&out); err != nil {
		t.Fatal(err)
	}
	c := new(vcpu.CPU)
	for range 50 {
		c.W[wordArg] = uint64(os.Getpid())
		Run(c, at)
	}
	pprof.StopCPUProfile()
	z, err := gzip.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"enter.enter": true, "enter.TestProfile": true, "runtime._ExternalCode": false,
	} {
		if got := bytes.Contains(text, []byte(name)); got != want {
			t.Errorf("%s in the profile: %v", name, got)
		}
	}
}

// TestDump: upon a signal that ends the process Go shows all stacks.
func TestDump(t *testing.T) {
	const variable = "PANDA_TEST_DUMP"
	programs := map[string][]byte{
		"SIGQUIT": send(unix.SIGQUIT),
		"SIGABRT": send(unix.SIGABRT),
		"SIGTRAP": {0xcc},       // int3
		"SIGILL":  {0x0f, 0x0b}, // ud2
	}
	if code := programs[os.Getenv(variable)]; code != nil {
		c := new(vcpu.CPU)
		c.W[wordArg] = uint64(os.Getpid())
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
		Run(c, page(t).add(code, ret))
		return
	}
	for name := range programs {
		cmd := exec.Command(os.Args[0], "-test.run=^TestDump$")
		cmd.Env = append(os.Environ(), variable+"="+name, "GOTRACEBACK=all")
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("%s: machine code survived", name)
		}
		for _, want := range []string{name + ": ", "enter.enter(", "enter.TestDump(", "testing.(*T).Run("} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: the dump has no %s:\n%s", name, want, out)
			}
		}
	}
}

func BenchmarkEnter(b *testing.B) {
	at, c := page(b).add(ret), new(vcpu.CPU)
	for b.Loop() {
		Run(c, at)
	}
}

func BenchmarkFault(b *testing.B) {
	p := page(b)
	f := p.fault(faultCases(b)[0])
	c := new(vcpu.CPU)
	c.W[wordArg], c.Host.Landing = uint64(f.arg), f.landing
	for b.Loop() {
		Run(c, f.entry)
	}
}

func BenchmarkTryHooks(b *testing.B) {
	if err := Unusable(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		a, err := host.NewArena(os.Getpagesize())
		if err != nil {
			b.Fatal(err)
		}
		if err := tryHooks(a); err != nil {
			b.Fatal(err)
		}
		a.Close()
	}
}
