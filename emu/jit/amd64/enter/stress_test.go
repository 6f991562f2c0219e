//go:build stress && linux && amd64

package enter

import (
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"panda/emu/host"
	"panda/emu/vcpu"
)

var stressTime = flag.Duration("stress.time", 30*time.Minute, "how long TestStress runs")

// stress is a run of TestStress: machine code and all that Go does beside it.
type stress struct {
	*testing.T
	end  atomic.Bool
	wait sync.WaitGroup

	spins  [4]uintptr // entries of programs that poll
	faults []*faulty

	// How often each thing was done: in the end none may be 0.
	entered, yields, faulted, panics, collected, allocated, signals, heard, profiles, traces, dumps, arenas atomic.Int64
}

// TestStress runs machine code on several threads while the garbage collector,
// the profiler, the tracer, stack dumps and signals want something of it.
func TestStress(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	p := page(t)
	s := &stress{T: t}
	for i := range s.spins {
		s.spins[i] = p.add(trash()[:i*7], spin()) // not only with everything changed
	}
	big, err := host.NewArena(1 << 16)
	if err != nil {
		t.Fatal(err)
	}
	defer big.Close()
	p = &program{arena: big}
	for _, f := range faultCases(t) {
		s.faults = append(s.faults, p.fault(f))
	}
	s.listen()
	for i := range 4 {
		s.loop(func() func() { return s.machine(i) })
	}
	for _, f := range []func(){s.collect, s.allocate, s.allocate, s.profile, s.trace, s.dump, s.signal, s.arena} {
		s.loop(func() func() { return f })
	}
	s.watch()
	s.wait.Wait()
	s.report()
}

// loop calls what start makes, in a goroutine, until the end.
func (s *stress) loop(start func() func()) {
	s.wait.Go(func() {
		f := start()
		for !s.end.Load() && !s.Failed() {
			f()
		}
	})
}

// watch ends the run, early if machine code makes no progress.
func (s *stress) watch() {
	last, still := int64(0), 0
	for end := time.Now().Add(*stressTime); time.Now().Before(end) && !s.Failed(); time.Sleep(200 * time.Millisecond) {
		n := s.entered.Load()
		if still++; n != last {
			last, still = n, 0
		}
		if still > 150 {
			pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
			panic("machine code makes no progress")
		}
	}
	s.end.Store(true)
}

func (s *stress) report() {
	for _, r := range []struct {
		name string
		n    *atomic.Int64
	}{
		{"entered", &s.entered},
		{"yields", &s.yields},
		{"faults", &s.faulted},
		{"nil panics", &s.panics},
		{"collections", &s.collected},
		{"allocations", &s.allocated},
		{"signals sent", &s.signals},
		{"signals heard", &s.heard},
		{"profiles", &s.profiles},
		{"traces", &s.traces},
		{"dumps", &s.dumps},
		{"arenas", &s.arenas},
	} {
		s.Logf("%-13s %d", r.name, r.n.Load())
		if r.n.Load() == 0 {
			s.Errorf("no %s", r.name)
		}
	}
}

// machine is a goroutine that runs machine code; some keep their thread.
func (s *stress) machine(i int) func() {
	if i%2 == 1 {
		runtime.LockOSThread()
	}
	c, nest := new(vcpu.CPU), 0
	return func() {
		s.spin(c, s.spins[rand.N(len(s.spins))], 1<<rand.N(25))
		nest = (nest + 1) % 50
		if nest == 0 { // a new stack that must grow, with a fault on top
			fresh := make(chan bool)
			depth := rand.N(2000)
			up := depth + 1
			go func() { fresh <- s.below(c, depth, &up) }()
			if !<-fresh {
				s.Error("a stack that grew has other values")
			}
		}
		f := s.faults[rand.N(len(s.faults))]
		f.run(s.T, c)
		s.faulted.Add(1)
		if !nilPanics(nil) {
			s.Error("a nil dereference does not panic any more")
		}
		s.panics.Add(1)
	}
}

// spin runs machine code for n rounds, however often it must yield.
func (s *stress) spin(c *vcpu.CPU, at uintptr, n uint64) {
	c.W[wordLeft] = n
	for int64(c.W[wordLeft]) >= 0 && !s.end.Load() {
		Run(c, at)
		s.entered.Add(1)
		if c.Yield() {
			s.yields.Add(1)
		}
		if c.StopWord() {
			s.Error("the stop word has bits that nobody set")
			return
		}
	}
}

// below runs machine code under many frames that point into each other.
func (s *stress) below(c *vcpu.CPU, depth int, up *int) bool {
	if depth > 0 {
		return s.below(c, depth-1, &depth) && *up == depth+1
	}
	s.spin(c, s.spins[0], 1<<16)
	s.faults[0].run(s.T, c)
	return *up == 1
}

func (s *stress) collect() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.collected.Add(1)
	time.Sleep(time.Millisecond)
}

var sink atomic.Pointer[[]*[]byte]

func (s *stress) allocate() {
	list := make([]*[]byte, 100)
	for i := range list {
		b := make([]byte, 1+rand.N(4096))
		b[len(b)-1] = byte(i)
		list[i] = &b
	}
	sink.Store(&list)
	for i, b := range *sink.Load() {
		if got := (*b)[len(*b)-1]; got != byte(i) {
			s.Errorf("an object has %d, not %d", got, i)
		}
	}
	s.allocated.Add(1)
}

func (s *stress) profile() {
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		s.Error(err)
	}
	time.Sleep(time.Duration(rand.N(500)) * time.Millisecond)
	pprof.StopCPUProfile()
	s.profiles.Add(1)
}

func (s *stress) trace() {
	if err := trace.Start(io.Discard); err != nil {
		s.Error(err)
	}
	time.Sleep(time.Duration(rand.N(300)) * time.Millisecond)
	trace.Stop()
	time.Sleep(time.Duration(rand.N(300)) * time.Millisecond)
	s.traces.Add(1)
}

func (s *stress) dump() {
	buf := make([]byte, 1<<20)
	if len(buf[:runtime.Stack(buf, true)]) == 0 {
		s.Error("an empty dump")
	}
	s.dumps.Add(1)
	time.Sleep(10 * time.Millisecond)
}

var stressSignals = []unix.Signal{unix.SIGURG, unix.SIGUSR1, unix.SIGPROF, unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGTRAP, unix.SIGQUIT, unix.SIGWINCH}

// listen takes the signals before any is sent and until the end.
func (s *stress) listen() {
	ch := make(chan os.Signal, 16)
	for _, sig := range stressSignals {
		signal.Notify(ch, sig)
	}
	s.wait.Go(func() {
		for !s.end.Load() {
			select {
			case <-ch:
				s.heard.Add(1)
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
}

// signal sends one to the process, which the kernel gives to any thread.
func (s *stress) signal() {
	unix.Kill(os.Getpid(), stressSignals[rand.N(len(stressSignals))])
	s.signals.Add(1)
	time.Sleep(time.Duration(rand.N(1000)) * time.Microsecond)
}

// arena makes and runs a program in memory that comes and goes.
func (s *stress) arena() {
	a, err := host.NewArena(1 + rand.N(1<<20))
	if err != nil {
		s.Error(err)
		return
	}
	p := &program{arena: a}
	c := new(vcpu.CPU)
	s.spin(c, p.add(trash(), spin()), 1<<12)
	if err := a.Close(); err != nil {
		s.Error(err)
	}
	s.arenas.Add(1)
}
