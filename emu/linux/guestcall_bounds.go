package linux

import (
	"fmt"
	"slices"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/signal"
	"panda/emu/vcpu"
)

// Problem: a function that plugin code calls may leave its call: by longjmp to a
// place that the program prepared, or by a signal that it sends itself.
// Idea: where it jumps to with a stack pointer among the frames that wait for it,
// it has left, and is ended before an instruction runs there. A signal that it
// sends itself would run a handler or end the process, so it is ended there as well.
// Invariant: the frames that wait, the mask and the thread's pending signals are
// afterwards as before. Signals that a timer or file sent meanwhile stay.

// farFrames is how far above the stack pointer frames are looked for on a stack
// whose extent is not known. Other stacks may follow it.
const farFrames = 16 << 10

// frames are the places with the frames of the thread's functions that have not
// returned, as far as is known.
func (t *Thread) frames() []vcpu.Extent {
	s := t.k.threadStacks(t.tid)
	switch {
	case s.Own.Has(s.SP):
		return []vcpu.Extent{{Lo: s.SP, Hi: s.Own.Hi}}
	case s.Alt.Has(s.SP):
		return []vcpu.Extent{{Lo: s.SP, Hi: s.Alt.Hi}, s.Own}
	}
	r, ok := t.p.mm.Space.Region(s.SP)
	if !ok {
		return nil
	}
	return []vcpu.Extent{{Lo: s.SP, Hi: min(r.End, s.SP+farFrames)}}
}

// stay notes the frames that wait for a function whose stack is at [lo, lo+callStack)
// until the result is called. It gives what tells that the function has left them alone.
func (t *Thread) stay(lo guest.Addr) (away func(sp guest.Addr) bool, done func()) {
	k, outer := t.k, t.k.live
	frames := append(slices.Clip(outer), t.frames()...)
	k.live = frames
	own := vcpu.Extent{Lo: lo, Hi: lo + callStack}
	return func(sp guest.Addr) bool {
		return !own.Has(sp) && slices.ContainsFunc(frames, func(e vcpu.Extent) bool { return e.Has(sp) })
	}, func() { k.live = outer }
}

// signalState is what a thread knows of signals.
type signalState struct {
	mask, oldMask uint64
	restore       bool
	pending       []abi.Siginfo
}

func (t *Thread) signalState() *signalState {
	return &signalState{t.signal.mask, t.signal.oldMask, t.signal.restore, slices.Clone(t.signal.pending.Infos)}
}

// raised reports whether a pending signal of the thread is one that it has sent
// itself since.
func (s *signalState) raised(info abi.Siginfo) bool {
	return !slices.Contains(s.pending, info) && info.Code != abi.SI_TIMER && info.Signo != abi.SIGIO && !info.Poll
}

// restoreSignals takes back what a function did.
func (t *Thread) restoreSignals(s *signalState) {
	t.signal.mask, t.signal.oldMask, t.signal.restore = s.mask, s.oldMask, s.restore
	infos := slices.DeleteFunc(t.signal.pending.Infos, s.raised)
	t.signal.pending = signal.Queue{}
	for _, info := range infos {
		t.signal.pending.Add(info)
	}
}

// raisedSignal is an error when a signal that the thread has sent itself since
// would be taken.
func (t *Thread) raisedSignal(s *signalState) error {
	for _, info := range t.signal.pending.Infos {
		if t.signal.mask&signal.Bit(info.Signo) == 0 && s.raised(info) {
			return fmt.Errorf("the function raised %s", abi.SignalName(int(info.Signo)))
		}
	}
	return nil
}
