package linux

import (
	"errors"
	"slices"

	"panda/emu/linux/abi"
	"panda/emu/linux/abi/text"
	"panda/emu/linux/signal"
)

// A debugger sees signals before they are delivered, and may hold one: the signal
// goes back to the head of its thread's queue, the guest stops with the thread about
// to take it, and when it goes on the signal is delivered without a question.

// Delivery is a signal that a thread is about to take.
type Delivery struct {
	Signo    int
	PID, TID int
	Text     string // what it says of itself, as strace prints it
	Fatal    bool   // it kills the process
}

// Verdict is what becomes of it.
type Verdict uint8

// The verdicts.
const (
	Deliver Verdict = iota
	Hold            // stop the guest before
	Drop
)

// OnDelivery makes f judge signals before they are delivered, except for SIGKILL.
func (k *Kernel) OnDelivery(f func(d Delivery) Verdict) { k.onDelivery = f }

// judge asks what becomes of a signal that the running thread has taken from its
// queue. A stop that somebody has asked for holds it: who looks at the guest then
// sees it as it was before.
func (t *Thread) judge(info abi.Siginfo) Verdict {
	k := t.k
	if t.signal.allowed == info.Signo {
		t.signal.allowed = 0
		return Deliver
	}
	if info.Signo == abi.SIGKILL {
		return Deliver
	}
	v := Deliver
	if k.onDelivery != nil {
		v = k.onDelivery(t.delivery(info))
	}
	if v == Drop || v == Deliver && !k.cpu.StopAsked() {
		return v
	}
	t.signal.pending.PutBack(info)
	t.signal.allowed = info.Signo
	k.cpu.Stop()
	k.cpu.Stopping() // the stop is made by who holds the signal
	return Hold
}

func (t *Thread) delivery(info abi.Siginfo) Delivery {
	h, sig := t.p.signal.actions[info.Signo].Handler, info.Signo
	return Delivery{
		Signo: int(sig), PID: t.p.pid, TID: t.tid, Text: text.FormatSignal(&info),
		Fatal: h == abi.SIG_DFL && signal.Default(sig) == signal.Terminate,
	}
}

// Held is the signal that the current thread takes when it goes on.
func (k *Kernel) Held() (d Delivery, ok bool) {
	t := k.sched.cur
	if t == nil || t.state == dead || t.signal.allowed == 0 || t.signal.pending.Set&signal.Bit(t.signal.allowed) == 0 {
		return d, false
	}
	i := slices.IndexFunc(t.signal.pending.Infos, func(s abi.Siginfo) bool { return s.Signo == t.signal.allowed })
	return t.delivery(t.signal.pending.Infos[i]), true
}

// SetHeld makes the current thread take another signal when it goes on, or none
// for 0, in place of the one that is held.
func (k *Kernel) SetHeld(sig int) error {
	t := k.sched.cur
	switch {
	case t == nil || t.state == dead || t.p.exit.begun || k.end.exited:
		return errors.New("no thread is there to take a signal")
	case sig < 0 || sig > signal.Last:
		return errors.New("there is no such signal")
	}
	d, held := k.Held()
	switch {
	case held && d.Signo == sig:
		return nil
	case held:
		t.signal.pending.Take(int32(d.Signo))
	}
	t.signal.allowed = 0
	if sig == 0 {
		return nil
	}
	if t.signal.mask&signal.Bit(int32(sig)) == 0 {
		t.signal.allowed = int32(sig)
	}
	t.signal.pending.PutBack(abi.Siginfo{Signo: int32(sig), Code: abi.SI_USER, PID: int32(t.p.pid), UID: k.uid()})
	t.p.beforeSignal(int32(sig))
	t.notice(int32(sig))
	return nil
}
