package rr

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"panda/emu/digest"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
	"panda/emu/vcpu"
)

// Player is a door behind which what was recorded happens again. It does nothing in the
// world but write the program's output.
type Player struct {
	rec     *Recording
	log     logReader
	pages   pageReader
	files   memFiles
	now     Now
	args    summer
	pending atomic.Bool
	stateOf func(memory bool) []digest.Part
	memory  bool   // is compared as well
	blind   bool   // what follows from the inputs is not compared
	checked uint64 // icount of the last state that was right
	sums    uint64 // how many were
	arm     func(icount uint64)
	armEdit func(e *Edit)
	apply   func(e *vcpu.Edit)
	output  [stderr + 1]io.Writer

	next   entry // of the log; its kind is 0 at the end
	last   [lastEntries]told
	taken  uint64 // entries that were waited for
	passed uint64 // entries
	ended  bool   // the guest has
	short  error  // see Short
	within bool   // a call is being answered; or, when the next one comes, has ended the replay
	icount atomic.Uint64
}

// lastEntries is how many of the last inputs are told of when a replay goes wrong.
const lastEntries = 10

// told is an entry that has been taken, in few words.
type told struct {
	seq, icount uint64
	thread      int
	text        entry
}

// NewPlayer plays a recording.
func NewPlayer(r *Recording) (*Player, error) {
	p := &Player{rec: r, arm: func(uint64) {}, armEdit: func(*Edit) {}, apply: func(*vcpu.Edit) {}}
	p.log = newLogReader(r, &p.pages, pagesAhead)
	p.files.init(p)
	p.now = Now{Icount: func() uint64 { return 0 }, Thread: func() int { return 0 }}
	p.advance()
	if p.next.kind == 0 {
		p.log.close()
		return nil, fmt.Errorf("%s holds no input: %w", r.Name, p.damage())
	}
	return p, nil
}

// At says how to find out when an input is asked for. The guest is to stop for a moment
// at counts of instructions that arm is told, so that signals come where they came.
func (p *Player) At(now Now, arm func(icount uint64)) {
	p.now, p.arm = now, arm
	if s := p.rec.Summary; s != nil && !s.Ended {
		arm(s.Instructions)
	}
	p.look()
}

// Blind has the player compare nothing but what the guest asks for.
func (p *Player) Blind() { p.blind = true }

// Left says that the guest has come to where it was left when it was recorded.
func (p *Player) Left() error {
	if s := p.rec.Summary; s == nil || s.Ended || p.next.kind != 0 || p.now.Icount() < s.Instructions {
		return nil
	}
	return p.over()
}

// Short is told what this machine has no room for, as the guest needs it: the recording
// one may have had it.
func (p *Player) Short(err error) { p.short = err }

// Output says where what the program writes is written; nil for nowhere.
func (p *Player) Output(out, err io.Writer) { p.output[stdout], p.output[stderr] = out, err }

// Progress is the count of instructions at the last input. It may be called from any
// goroutine.
func (p *Player) Progress() uint64 { return p.icount.Load() }

// Done reports whether all inputs have been taken.
func (p *Player) Done() bool { return p.next.kind == 0 }

// Died writes what is said of a program that a fault has killed.
func (p *Player) Died(line string) { p.write(stderr, []byte(line)) }

// Ended is told how the guest has ended: all inputs must have been taken, and the run
// have ended alike. What the door is asked after that is nobody's input.
func (p *Player) Ended(status, signal int) error {
	p.states()
	p.ended = true
	s := p.rec.Summary
	switch now := p.now.Icount(); {
	case p.next.kind != 0:
		return p.divergence("the guest ends", p.expected())
	case s == nil || !s.Ended:
	case s.Status != status || s.Signal != signal || s.Instructions != now:
		return p.divergence(endText(status, signal, now), endText(s.Status, s.Signal, s.Instructions))
	}
	return nil
}

func endText(status, signal int, icount uint64) string {
	return fmt.Sprintf("the guest ends at icount %d with status %d and signal %d", icount, status, signal)
}

// Leave says that the guest does not go on. What the door is asked after that is nobody's
// input either.
func (p *Player) Leave() { p.ended = true }

// Close gives up the files in memory.
func (p *Player) Close() {
	p.log.close()
	p.files.close()
}

// advance reads the next entry.
func (p *Player) advance() {
	if p.next.kind != 0 {
		p.passed = p.next.seq + 1
	}
	p.log.next(&p.next)
	for p.blind && (p.next.kind == stateEntry || p.next.kind == processEntry) {
		p.log.next(&p.next)
	}
	p.look()
}

// look finds out whether signals come next, and when. Each question whether they are
// there then passes the door, which knows where they were.
func (p *Player) look() {
	n := &p.next
	edit := n.kind == editEntry
	asked := n.kind == callEntry && n.call.nr == hostsys.SysSignals || edit && n.edit.Class == WhenStopped
	if p.pending.Store(asked); asked {
		p.arm(n.icount)
	}
	if edit && !p.ended {
		p.armEdit(&n.edit)
	}
	if s := p.rec.Summary; n.kind == 0 && s != nil && !s.Ended { // see Left
		p.arm(s.Instructions)
	}
}

// take takes the next entry, and what belongs to it.
func (p *Player) take() entry {
	e := p.next
	p.last[p.taken%lastEntries] = told{e.seq, e.icount, e.thread, e}
	p.taken++
	p.icount.Store(e.icount)
	p.advance()
	for p.attached() {
		p.advance()
	}
	return e
}

// attached deals with an entry that belongs to the one before it.
func (p *Player) attached() bool {
	switch p.next.kind {
	case fileEntry:
		p.files.file(&p.next.file)
	case pagesEntry:
		p.files.contents(&p.next.pages)
	case echoEntry:
		p.write(p.next.echo.to, p.next.echo.data)
	default:
		return false
	}
	return true
}

func (p *Player) write(to stream, b []byte) {
	if to > noStream && to <= stderr && p.output[to] != nil {
		p.output[to].Write(b)
	}
}

// Pending implements hostsys.Door.
func (p *Player) Pending() *atomic.Bool { return &p.pending }

// Clock implements hostsys.Door.
func (p *Player) Clock(clock int) (int64, bool) {
	if p.ended {
		return 0, true
	}
	if p.next.kind == callEntry && p.next.call.nr == unix.SYS_CLOCK_GETTIME {
		return 0, false // it took a call
	}
	if p.next.kind != clockEntry || p.next.clock.clock != clock {
		if p.next.kind == 0 {
			panic(p.over())
		}
		p.diverge(fmt.Sprintf("the guest reads clock %d", clock))
	}
	p.check(func() string { return fmt.Sprintf("the guest reads clock %d", clock) })
	return p.take().clock.ns, true
}

// check compares when something is asked with when it was.
func (p *Player) check(what func() string) {
	if n := &p.next; n.icount != p.now.Icount() || n.thread != p.now.Thread() {
		p.diverge(what())
	}
}

// Do implements hostsys.Door.
func (p *Player) Do(c *hostsys.Call) {
	c.Ret, c.Err = 0, 0
	if p.ended = p.ended || p.within; p.ended { // who is told of the end closes files on its way
		p.files.do(c)
		return
	}
	if c.Nr == hostsys.SysSignals && !p.signaled(c) {
		return
	}
	p.within = true
	if c.Nr == hostsys.SysMappedSize || c.Nr == hostsys.SysMappedClose {
		p.files.do(c)
	} else {
		p.answer(c)
	}
	p.within = false
}

// signaled makes the changes that were made when the guest was stopped at a place, and says
// whether signals had come there.
func (p *Player) signaled(c *hostsys.Call) bool {
	call, place := *c, c.Args[1].Num
	p.stopped(place)
	*c = call // a function of the guest that was called has made calls with it
	n := &p.next
	return n.kind == callEntry && p.pending.Load() && n.icount == p.now.Icount() && n.call.place == place
}

// answer gives a call what was recorded.
func (p *Player) answer(c *hostsys.Call) {
	p.states()
	sum := p.args.sum(c)
	what := func() string { return "panda asks the host, whose descriptors are not the guest's: " + describe(c) }
	switch n := &p.next; {
	case n.kind == 0:
		panic(p.over())
	case n.kind != callEntry || alike(n.call.nr) != alike(c.Nr):
		p.diverge(what())
	case n.call.sum != sum:
		p.diverge(what() + ", with other arguments")
	}
	p.check(what)
	e := p.take()
	c.Ret, c.Err = e.call.ret, e.call.errno
	check(possible(c))
	if e.call.echo != noStream && c.Ret > 0 {
		p.echo(e.call.echo, c)
	}
	check(p.fill(c, &e.call))
	check(signalsOf(c))
	p.files.do(c)
}

// possible says whether a call can have been answered so. Who asks relies on it.
func possible(c *hostsys.Call) error {
	most, counts := counted(c)
	if c.Err < 0 || c.Err > mostErrno || c.Err == 0 && counts && (c.Ret < 0 || uint64(c.Ret) > most) {
		return fmt.Errorf("%w: it says that %s = %s", ErrCorrupt, describe(c), result(c.Ret, c.Err))
	}
	return nil
}

// signalsOf says whether the signals that a call tells of can be some.
func signalsOf(c *hostsys.Call) error {
	if c.Nr != hostsys.SysSignals || c.Err != 0 {
		return nil
	}
	for _, sig := range c.Args[0].Buf[:min(c.Ret, int64(len(c.Args[0].Buf)))] {
		if sig < 1 || sig > abi.NSIG {
			return fmt.Errorf("%w: there is no signal %d", ErrCorrupt, sig)
		}
	}
	return nil
}

// mostErrno is the last error number of a kernel (MAX_ERRNO of Linux's err.h).
const mostErrno = 4095

// echo writes again what a call has written.
func (p *Player) echo(to stream, c *hostsys.Call) {
	left := c.Ret
	bs := written(c)
	if bs == nil {
		check(fmt.Errorf("%w: it says that %s is output", ErrCorrupt, describe(c)))
	}
	for _, b := range bs {
		n := min(left, int64(len(b)))
		if !safely(func() { p.write(to, b[:n]) }) {
			check(errNotThere)
		}
		left -= n
	}
}

// describe names a call as people know it.
func describe(c *hostsys.Call) string {
	var b strings.Builder
	b.WriteString(callName(c.Nr))
	b.WriteByte('(')
	for i := range lastArg(c) {
		if i > 0 {
			b.WriteString(", ")
		}
		switch a := &c.Args[i]; a.Dir {
		case hostsys.Number:
			fmt.Fprint(&b, int64(a.Num))
		case hostsys.In:
			text := make([]byte, min(len(a.Buf), 32))
			if !copySafe(text, a.Buf) {
				text = nil
			}
			fmt.Fprintf(&b, "%q", text)
		default:
			fmt.Fprintf(&b, "[%d bytes]", c.Bytes(i))
		}
	}
	b.WriteByte(')')
	return b.String()
}

// lastArg is how many arguments say something.
func lastArg(c *hostsys.Call) int {
	n := len(c.Args)
	for n > 0 && c.Args[n-1].Dir == hostsys.Number && c.Args[n-1].Num == 0 {
		n--
	}
	return n
}
