// Package board runs the CPU of a machine made of chips: it gives it the clock of the chips,
// has it wait when it has nothing to do, and brings in what comes from the world. What is
// wired to what is the affair of the packages below it.
//
// Guest time is the count of instructions, one nanosecond each, and what the CPU has slept.
package board

import (
	"math"
	"sync"

	"panda/emu/dev"
	"panda/emu/snap"
	"panda/emu/vcpu"
)

// Engine runs the CPU.
type Engine interface {
	// Run runs about n instructions, and no more than up to the alarm.
	Run(c *vcpu.CPU, n int64) vcpu.Stop
	SetAlarm(icount uint64)
}

// Chips is the machine as its board sees it.
type Chips interface {
	// Reset resets the CPU and all chips.
	Reset()
	// Wakes reports whether a halted CPU has a reason to go on, and Deaf whether it takes no
	// interrupts.
	Wakes() bool
	Deaf() bool
	// Input takes what has come from the world; done is false if there is no room for all
	// of it, and rest is to be offered again.
	Input(in Input) (rest []byte, done bool)
}

// Input is something that comes from the world.
type Input struct {
	Port string // where it comes in
	Data []byte
}

// Pace is how the guest's time goes along with that of the world.
type Pace interface {
	// Wait returns when it is that time in the world, or when Wake is called: early says
	// so, and now is the guest's time then.
	Wait(until dev.Time) (now dev.Time, early bool)
	// Wake has Wait return, also the next one. It may be called from any goroutine.
	Wake()
}

// Config is what a Board is made of.
type Config struct {
	CPU    *vcpu.CPU
	Engine Engine
	Pace   Pace
	// Idle is called before the guest sleeps, and before Run returns; it may be nil.
	Idle func()
	// NoReboot ends the machine where it would be reset.
	NoReboot bool
	// Note tells the user of something; it may be nil.
	Note func(format string, a ...any)
}

// Board is a machine that runs. It belongs to one goroutine but for Stop, Tap and Post.
type Board struct {
	Config
	Clock  *dev.Clock
	chips  Chips
	slept  dev.Time // by the CPU
	sleeps bool
	deaf   bool // that has been said

	reset  bool // asked for
	ended  bool
	status int

	mu     sync.Mutex
	room   sync.Cond // for more of them
	posted []Input
	wait   int     // how many are in offers
	offers []Input // there was no room for
}

// postedMost is how many inputs wait until whoever posts one has to.
const postedMost = 64

// New is a machine without chips, for those to be made with its Clock. Start sets them.
func New() *Board {
	b := &Board{}
	b.Clock = dev.NewClock(b.now)
	b.room.L = &b.mu
	return b
}

// Start makes the machine ready to run.
func (b *Board) Start(cfg Config, chips Chips) {
	b.Config, b.chips = cfg, chips
	if b.Note == nil {
		b.Note = func(string, ...any) {}
	}
	if b.Idle == nil {
		b.Idle = func() {}
	}
	b.Clock.Sooner = b.plan
	b.plan()
}

func (b *Board) now() dev.Time {
	if b.CPU == nil {
		return 0
	}
	return dev.Time(b.CPU.Icount()) + b.slept
}

// plan has the engine stop when a chip has something to do.
func (b *Board) plan() {
	at := uint64(math.MaxUint64)
	if next := b.Clock.Next(); next != dev.Never {
		at = uint64(max(next, b.slept) - b.slept)
	}
	b.Engine.SetAlarm(at)
}

// Reset resets the machine when the present instruction is done.
func (b *Board) Reset() {
	b.reset = true
	b.CPU.Tap()
}

// Exit ends the machine with a status when the present instruction is done.
func (b *Board) Exit(status int) {
	b.ended, b.status = true, status
	b.CPU.Tap()
}

// Stop makes Run return, and Tap as well, for the owner of the machine to look at what it
// has to do. Both may be called from any goroutine.
func (b *Board) Stop() { b.CPU.Stop(); b.Pace.Wake() }

// Tap makes Run return.
func (b *Board) Tap() { b.CPU.Tap(); b.Pace.Wake() }

// Post brings in something from the world, when there is room for it. It may be called from
// any goroutine but the machine's.
func (b *Board) Post(in Input) {
	b.mu.Lock()
	for len(b.posted)+b.wait >= postedMost {
		b.room.Wait()
	}
	b.posted = append(b.posted, in)
	b.mu.Unlock()
	b.Tap()
}

// forever is more instructions than anybody waits for.
const forever = 1 << 40

// Run runs the machine until it is switched off, with a status, or somebody stops it.
func (b *Board) Run() (status int, ended bool, err error) {
	defer b.Idle()
	for {
		b.service()
		if b.ended {
			return b.status, true, nil
		}
		if b.sleeps && !b.sleep() {
			return 0, false, nil
		}
		switch b.Engine.Run(b.CPU, forever) {
		case vcpu.StopHalt:
			b.sleeps = true
		case vcpu.StopShutdown:
			b.shutDown()
		case vcpu.StopRequest:
			if b.service(); !b.ended {
				return 0, false, nil
			}
		}
	}
}

// service does what has been asked for, and what time has come for.
func (b *Board) service() {
	if b.reset && !b.ended {
		b.restart()
	}
	b.takeInputs()
	b.Clock.Run()
	b.plan()
}

func (b *Board) restart() {
	b.reset = false
	if b.NoReboot {
		b.ended = true
		return
	}
	b.sleeps = false
	b.chips.Reset()
}

// shutDown is what a CPU leads to that has given up: a PC is reset.
func (b *Board) shutDown() {
	b.Note("the guest's CPU has shut down after a triple fault at %#x, icount %d: %s", uint64(b.CPU.PC()), b.CPU.Icount(),
		map[bool]string{false: "the machine is reset", true: "the machine ends"}[b.NoReboot])
	b.reset = true
}

// sleep lets a halted CPU sleep until a chip has something to do, or something comes in, and
// reports whether it goes on then.
func (b *Board) sleep() bool {
	for !b.chips.Wakes() {
		if b.CPU.StopWord() && b.CPU.Stopping() {
			return false
		}
		b.Idle()
		next := b.Clock.Next()
		b.noteDeaf()
		now, early := b.Pace.Wait(next)
		if !early {
			now = next
		}
		if was := b.now(); now > was {
			b.slept += now - was
		}
		b.service()
		if b.ended || b.reset {
			return true
		}
	}
	b.sleeps = false
	return true
}

// noteDeaf says once that nothing will wake the CPU.
func (b *Board) noteDeaf() {
	if !b.deaf && b.chips.Deaf() {
		b.deaf = true
		b.Note("the guest has halted at %#x with interrupts off, which only a reset ends", uint64(b.CPU.PC()))
	}
}

// takeInputs gives the chips what has come in.
func (b *Board) takeInputs() {
	b.mu.Lock()
	b.offers = append(b.offers, b.posted...)
	b.posted = nil
	b.mu.Unlock()
	stay := b.offers[:0]
	full := map[string]bool{}
	for _, in := range b.offers {
		if !full[in.Port] {
			rest, done := b.chips.Input(in)
			if done {
				continue
			}
			in.Data, full[in.Port] = rest, true
		}
		stay = append(stay, in)
	}
	b.offers = stay
	b.mu.Lock()
	b.wait = len(stay)
	b.mu.Unlock()
	b.room.Broadcast()
}

// Offer has what found no room offered again, because there is some now.
func (b *Board) Offer() {
	if len(b.offers) > 0 {
		b.CPU.Tap()
	}
}

// State is what the board itself remembers.
func (b *Board) State(s *snap.Stream) {
	s.Name("board 1")
	snap.Int(s, &b.slept)
	s.Bool(&b.sleeps)
}
