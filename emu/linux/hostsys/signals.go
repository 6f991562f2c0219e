package hostsys

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// ignored are the signals that whoever started the emulator has it ignore, as nohup
// does. Go's runtime keeps that of SIGHUP and SIGINT alone.
var ignored = sync.OnceValue(func() (sigs []int) {
	for _, sig := range []syscall.Signal{unix.SIGHUP, unix.SIGINT} {
		if signal.Ignored(sig) {
			sigs = append(sigs, int(sig))
		}
	}
	return sigs
})

// lastSignal is the highest number of a signal.
const lastSignal = 64

// kept are the signals that mean the emulator and not the guest: those that nobody
// can catch, those of Go's runtime, and those that the host sends because of what
// the emulator does for the guest, who gets its own from the kernel here.
var kept = map[syscall.Signal]bool{
	unix.SIGKILL: true, unix.SIGSTOP: true, unix.SIGURG: true, unix.SIGPROF: true, 32: true, 33: true,
	unix.SIGPIPE: true, unix.SIGXFSZ: true, unix.SIGCHLD: true, unix.SIGTTIN: true, unix.SIGTTOU: true,
}

// forwarded are the signals that mean the guest. Of those that a fault raises,
// os/signal delivers only what somebody sent.
func forwarded() (sigs []os.Signal) {
	for sig := syscall.Signal(1); sig <= lastSignal; sig++ {
		if !kept[sig] {
			sigs = append(sigs, sig)
		}
	}
	return sigs
}

// Real is the host itself. Signals go to the guest when forward is set.
func Real(forward bool) (*Host, error) {
	wake, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make an eventfd for the guest's waits: %w", err)
	}
	h := &Host{Wake: wake, bell: &bell{fd: wake}}
	if forward {
		h.Ignored = ignored()
		h.signals = newHostSignals(wake)
	}
	h.Door = real{newStart(), h.signals}
	return h, nil
}

// Waiting reports whether there may be signals to take.
func (h *Host) Waiting() bool {
	if h.pending == nil {
		h.pending = h.Door.Pending()
	}
	return h.pending.Load()
}

// TakeSignals returns the signals that the emulator was sent since the last call, in
// order. place tells apart what has one count of instructions: it counts what happens
// besides.
func (h *Host) TakeSignals(place uint64) (sigs []int) {
	for {
		n, e := h.open(SysSignals, out(h.taken[:]), num(place))
		for _, sig := range h.taken[:max(n, 0)] {
			sigs = append(sigs, int(sig))
		}
		if e != 0 || n < len(h.taken) {
			return sigs
		}
	}
}

// Divert shows each signal that arrives to take, on a goroutine of its own: one
// that it takes does not reach the guest.
func (h *Host) Divert(take func(sig int) bool) {
	if h.signals != nil {
		h.signals.divert.Store(&take)
	}
}

// OnSignal has f called, on a goroutine of its own, when there is a signal to take.
func (h *Host) OnSignal(f func()) {
	if h.signals != nil {
		h.signals.arrived.Store(&f)
	}
}

// Release gives up what Real took, and the signals to the host's defaults.
func (h *Host) Release() {
	if h.signals != nil {
		h.signals.close()
	}
	h.bell.close()
}

// Woken makes Wake silent again; what waits is to be taken after it.
func (h *Host) Woken() {
	if h.Silent {
		return
	}
	var b [8]byte
	unix.Read(h.Wake, b[:])
}

func ring(wake int) {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], 1)
	unix.Write(wake, b[:])
}

// hostSignals queues what os/signal delivers.
type hostSignals struct {
	c    chan os.Signal
	done chan struct{}
	mu   sync.Mutex
	got  []byte

	pending atomic.Bool // there are some in got

	divert  atomic.Pointer[func(sig int) bool]
	arrived atomic.Pointer[func()]
}

func newHostSignals(wake int) *hostSignals {
	s := &hostSignals{c: make(chan os.Signal, 64), done: make(chan struct{})}
	signal.Notify(s.c, forwarded()...)
	go s.collect(wake)
	return s
}

func (s *hostSignals) collect(wake int) {
	defer close(s.done)
	for sig := range s.c {
		if n, ok := sig.(syscall.Signal); ok {
			if take := s.divert.Load(); take != nil && (*take)(int(n)) {
				continue
			}
			s.mu.Lock()
			s.got = append(s.got, byte(n))
			s.pending.Store(true)
			s.mu.Unlock()
			ring(wake)
			if f := s.arrived.Load(); f != nil {
				(*f)()
			}
		}
	}
}

// take fills b with the signals that have arrived; what finds no room stays. There are
// none without a queue.
func (s *hostSignals) take(b []byte) int {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := copy(b, s.got)
	s.got = s.got[n:]
	s.pending.Store(len(s.got) > 0)
	return n
}

// Pending is never set where the guest gets no signals.
func (r real) Pending() *atomic.Bool {
	if r.signals == nil {
		return new(atomic.Bool)
	}
	return &r.signals.pending
}

func (s *hostSignals) close() {
	signal.Stop(s.c)
	close(s.c)
	<-s.done
}

// Ring makes Wake readable. It may be called from any goroutine.
func (h *Host) Ring() {
	if !h.Silent && h.bell != nil {
		h.bell.ring()
	}
}

// bell is the descriptor Wake as long as there is one.
type bell struct {
	mu   sync.Mutex
	fd   int
	gone bool
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.gone {
		ring(b.fd)
	}
}

func (b *bell) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.gone {
		b.gone = true
		unix.Close(b.fd)
	}
}
