package emu

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"panda/emu/event"
	"panda/emu/linux/hostsys"
	"panda/emu/vcpu"
)

// worldSource is a program that depends on all that comes from outside: clocks, chance,
// files, ends of waits, and signals that somebody sends.
const worldSource = `
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile int sent, alarms;
static int to[2];
static unsigned long sum;
static void on(int sig) { if (sig == SIGUSR1) sent++; else alarms++; }
static void *sleeps(void *p) {
	for (int i = 0; i < 30; i++) {
		struct timespec now, ts = {0, 1000};
		unsigned char r;
		getrandom(&r, 1, 0);
		ts.tv_nsec += r * 3000;
		nanosleep(&ts, 0);
		clock_gettime(CLOCK_REALTIME, &now);
		__sync_fetch_and_add(&sum, now.tv_nsec * r);
		write(to[1], &now, sizeof now);
	}
	close(to[1]);
	return 0;
}
int main(void) {
	pthread_t t;
	struct itimerval it = {{0, 700}, {0, 700}};
	struct stat st;
	char b[64];
	int n, late = 0, fd = open("/proc/uptime", O_RDONLY);
	signal(SIGUSR1, on); signal(SIGALRM, on);
	sum = time(0) + read(fd, b, sizeof b);
	stat("/tmp", &st);
	sum += st.st_atime + b[1];
	pipe(to);
	setitimer(ITIMER_REAL, &it, 0);
	pthread_create(&t, 0, sleeps, 0);
	write(1, "ready\n", 6);
	for (;;) {
		struct pollfd p = {to[0], POLLIN};
		if (poll(&p, 1, 1) == 0) { late++; continue; }
		if ((n = read(to[0], b, sizeof b)) == 0) break;
		for (int i = 0; i < n; i++) sum = sum * 31 + b[i];
	}
	while (sent < 3) sum++;
	pthread_join(t, 0);
	sum += late + alarms;
	return 0;
}
`

// input is an answer of the world: a call and what it gave, or a clock.
type input struct {
	icount uint64
	nr     uintptr
	ret    int64
	err    hostsys.Errno
	outs   [][]byte
	place  uint64 // of signals: see hostsys.Host.TakeSignals
}

func (i input) String() string {
	return fmt.Sprintf("{icount %d, call %d, result %d, error %d, place %d}", i.icount, i.nr, i.ret, i.err, i.place)
}

// clockInput is the number of clock 0 among inputs.
const clockInput = 1 << 20

// inputs is what the doors of two runs share.
type inputs struct {
	t      *testing.T
	log    []input
	icount func() uint64
	owner  string // the goroutine that the door belongs to
}

// goroutine names the running one.
func goroutine() string {
	b := make([]byte, 32)
	name, _, _ := bytes.Cut(b[:runtime.Stack(b, false)], []byte(" ["))
	return string(name)
}

// own makes sure that all comes from one goroutine.
func (in *inputs) own() {
	if me := goroutine(); in.owner == "" {
		in.owner = me
	} else if me != in.owner {
		in.t.Errorf("%s uses the door of %s", me, in.owner)
	}
}

// outsOf are the buffers that a call fills.
func outsOf(c *hostsys.Call) (outs [][]byte) {
	for _, a := range c.Args {
		switch a.Dir {
		case hostsys.Out, hostsys.InOut:
			outs = append(outs, a.Buf)
		case hostsys.VecOut:
			outs = append(outs, c.Vec...)
		}
	}
	return outs
}

// recording is a door that writes down what passes.
type recording struct {
	hostsys.Door
	*inputs
	ready func()
}

func (d *recording) Do(c *hostsys.Call) {
	d.own()
	if c.Nr == unix.SYS_WRITE && string(c.Args[1].Buf) == "ready\n" {
		d.ready()
	}
	if d.Door.Do(c); c.Nr == hostsys.SysSignals && c.Ret == 0 {
		return // nothing has come
	}
	i := input{icount: d.icount(), nr: c.Nr, ret: c.Ret, err: c.Err}
	if c.Nr == hostsys.SysSignals {
		i.place = c.Args[1].Num
	}
	for _, b := range outsOf(c) {
		i.outs = append(i.outs, slices.Clone(b))
	}
	if c.Nr == hostsys.SysMap && c.Err == 0 {
		i.outs = [][]byte{d.shown(int(c.Args[0].Num), int64(c.Args[1].Num), c.Args[2].Num)}
	}
	d.log = append(d.log, i)
}

// shown is what a map of a file shows.
func (in *inputs) shown(fd int, off int64, size uint64) []byte {
	b := make([]byte, size)
	n, err := unix.Pread(fd, b, off)
	if err != nil {
		in.t.Error(err)
	}
	return b[:n]
}

func (d *recording) Clock(clock int) (int64, bool) {
	d.own()
	ns, ok := d.Door.Clock(clock)
	if ok {
		d.log = append(d.log, input{icount: d.icount(), nr: clockInput + uintptr(clock), ret: ns})
	}
	return ns, ok
}

// replaying is a door behind which all happens again as it was written down. The calls
// are made, because descriptors are the host's, but what they answer counts only then.
type replaying struct {
	hostsys.Door
	*inputs
	done    []input
	pending atomic.Bool
}

// givesDescriptor are calls whose answers are descriptors, or addresses of the host.
var givesDescriptor = map[uintptr]bool{
	unix.SYS_OPENAT: true, unix.SYS_OPENAT2: true, unix.SYS_PIPE2: true, unix.SYS_FCNTL: true, unix.SYS_MEMFD_CREATE: true,
	hostsys.SysMappedKeep: true, hostsys.SysMap: true,
}

func (d *replaying) Do(c *hostsys.Call) {
	d.own()
	if c.Nr == hostsys.SysSignals && (!d.pending.Load() || d.log[0].icount != d.icount() || d.log[0].place != c.Args[1].Num) {
		c.Ret, c.Err = 0, 0
		return
	}
	i := d.next(c.Nr)
	if given := givesDescriptor[c.Nr]; !given || i.err == 0 {
		d.make(c, &i)
		switch {
		case given && c.Err != 0:
			d.t.Fatalf("%v gives error %d today", i, c.Err)
		case given:
			return
		}
	}
	c.Ret, c.Err = i.ret, i.err
	for n, b := range outsOf(c) {
		copy(b, i.outs[n])
	}
}

// Pending implements hostsys.Door.
func (d *replaying) Pending() *atomic.Bool { return &d.pending }

// look finds out whether signals came next. Each question whether they are there then
// passes the door, which knows where they were.
func (d *replaying) look() { d.pending.Store(len(d.log) > 0 && d.log[0].nr == hostsys.SysSignals) }

// make makes a call. A file that is mapped is another one, which shows the same.
func (d *replaying) make(c *hostsys.Call, i *input) {
	switch {
	case c.Nr == unix.SYS_PPOLL:
		real := *c
		real.Args[0].Buf, real.Args[2].Buf = slices.Clone(c.Args[0].Buf), make([]byte, 16)
		c = &real
	case c.Nr == hostsys.SysMappedKeep && i.err == 0:
		fd, err := unix.MemfdCreate("shown", unix.MFD_CLOEXEC)
		if err != nil {
			d.t.Fatal(err)
		}
		c.Ret, c.Err = int64(fd), 0
		return
	case c.Nr == hostsys.SysMap && i.err == 0:
		if _, err := unix.Pwrite(int(c.Args[0].Num), i.outs[0], int64(c.Args[1].Num)); err != nil {
			d.t.Fatal(err)
		}
	}
	d.Door.Do(c)
}

func (d *replaying) Clock(clock int) (int64, bool) {
	d.own()
	return d.next(clockInput + uintptr(clock)).ret, true
}

// next is the answer whose turn it is.
func (d *replaying) next(nr uintptr) (i input) {
	if len(d.log) == 0 || d.log[0].nr != nr || d.log[0].icount != d.icount() {
		d.t.Fatalf("at icount %d call %d is made; there were %d calls more, next %v, after\n%v", d.icount(), nr, len(d.log), d.log[:min(3, len(d.log))], d.done[max(0, len(d.done)-8):])
	}
	i, d.log = d.log[0], d.log[1:]
	d.done = append(d.done, i)
	d.look()
	return i
}

// bothered has the emulator sent a signal all the time, from when it is started, until
// the test ends.
func bothered(t *testing.T) (start func()) {
	end := make(chan bool)
	var senders sync.WaitGroup
	start = func() {
		senders.Go(func() {
			for {
				select {
				case <-end:
					return
				case <-time.After(time.Millisecond):
					unix.Kill(os.Getpid(), unix.SIGUSR1)
				}
			}
		})
	}
	t.Cleanup(func() { close(end); senders.Wait() })
	return start
}

// TestReplay: a run is a function of what passes the door, which has one order: with the
// same answers it is the same again, though time is another, nobody sends signals, and
// somebody looks at symbols.
func TestReplay(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is one engine")
	}
	exe := compile(t, worldSource)
	start := func() uint64 { return 0 }
	in := &inputs{t: t, icount: start}
	var first *steadyRun
	t.Run("record", func(t *testing.T) {
		ready := bothered(t)
		first = runSteadily(t, exe, nil, steadyWay{
			set: func(c *Config) {
				c.Program.World = func(d hostsys.Door) hostsys.Door { return &recording{d, in, ready} }
			},
			drive: func(_ *testing.T, m *Machine, _ uint64) { in.icount = m.cpu.Icount },
		}, 0)
	})
	var signals []uint64
	for _, i := range in.log {
		if i.nr == hostsys.SysSignals {
			signals = append(signals, i.icount)
		}
	}
	if len(signals) < 3 || len(in.log) < 200 {
		t.Fatalf("%d inputs, %d signals", len(in.log), len(signals))
	}
	for _, accel := range Accels {
		again := &replaying{inputs: &inputs{t: t, log: in.log, icount: start}}
		second := runSteadily(t, exe, nil, steadyWay{
			set: func(c *Config) {
				c.Accel = accel
				c.Program.World = func(d hostsys.Door) hostsys.Door { again.Door = d; return again }
			},
			drive: func(_ *testing.T, m *Machine, _ uint64) {
				again.icount = m.cpu.Icount
				for _, n := range signals { // the run stops there, and whoever has the turn looks
					m.At(n, func() { m.Do(func() {}) })
				}
				m.bus.HookCalls(m.owner(), &event.Filter{Symbol: []string{"str*", "mem*", "nanosleep"}}, func(*vcpu.CPU, *event.Call) {}, nil)
			},
		}, 0)
		if d := second.difference(first); d != "" || len(again.log) != 0 {
			t.Errorf("%s: %d inputs are left; %s", accel, len(again.log), d)
		}
	}
}

// mapSource sums up what a map of a file shows, which is as long as it says.
const mapSource = `
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int n, char **args) {
	struct stat st;
	unsigned sum = 0;
	int fd = open(args[1], O_RDONLY);
	fstat(fd, &st);
	unsigned char *p = mmap(0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	for (int i = 0; i < st.st_size; i++) sum = sum * 31 + p[i];
	if (fork() == 0) { // the child maps nothing new
		for (int i = 0; i < st.st_size; i++) sum = sum * 31 + p[i];
		_exit(sum & 15);
	}
	return 0;
}
`

// TestReplayMaps: what maps of files show passes the door as well.
func TestReplayMaps(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is one engine")
	}
	exe, file := compile(t, mapSource), filepath.Join(t.TempDir(), "file")
	write := func(n int, b byte) {
		if err := os.WriteFile(file, bytes.Repeat([]byte{b}, n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	start := func() uint64 { return 0 }
	in := &inputs{t: t, icount: start}
	write(9000, 'a')
	first := runSteadily(t, exe, []string{file}, steadyWay{
		set: func(c *Config) {
			c.Program.World = func(d hostsys.Door) hostsys.Door { return &recording{d, in, nil} }
		},
		drive: func(_ *testing.T, m *Machine, _ uint64) { in.icount = m.cpu.Icount },
	}, 0)
	write(100, 'b')
	again := &replaying{inputs: &inputs{t: t, log: in.log, icount: start}}
	second := runSteadily(t, exe, []string{file}, steadyWay{
		set: func(c *Config) {
			c.Program.World = func(d hostsys.Door) hostsys.Door { again.Door = d; return again }
		},
		drive: func(_ *testing.T, m *Machine, _ uint64) { again.icount = m.cpu.Icount },
	}, 0)
	if d := second.difference(first); d != "" || len(again.log) != 0 {
		t.Errorf("%d inputs are left; %s", len(again.log), d)
	}
}
