package rr

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"panda/emu/event"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// Recorder is a door that writes down what passes the one behind it.
type Recorder struct {
	inner hostsys.Door
	w     *Writer
	now   Now
	sums  summer
	files liveFiles
	warn  func(format string, a ...any)

	mu    sync.Mutex // of all below: the frame may be written because time has passed
	store *pageStore
	enc   encoder
	call  recordedCall
	shown bool // output is among the entries that are not written yet

	notes   []string
	shared  []string
	ticker  *time.Ticker
	end     chan struct{}
	symbols symbolRecorder
	states  stateClock
	edited  []event.Kind
	ended   bool // what comes now is no input any more
}

// Now says when and for whom an input comes.
type Now struct {
	Icount func() uint64
	Thread func() int
}

// flushEvery is how long what has been recorded may wait to be written.
const flushEvery = 50 * time.Millisecond

// NewRecorder records into w. Warn takes lines for the user.
func NewRecorder(w *Writer, m *Manifest, warn func(format string, a ...any)) (*Recorder, error) {
	cwd, _ := os.Getwd() // who reads the recording can do without
	m.Created, m.Host, m.Cwd = time.Now().UTC().Truncate(time.Second), Host(), Text(cwd)
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	w.write(manifestFrame, b)
	r := &Recorder{w: w, warn: warn, store: newPageStore(w), symbols: newSymbolRecorder(w), ticker: time.NewTicker(flushEvery), end: make(chan struct{})}
	r.now = Now{Icount: func() uint64 { return 0 }, Thread: func() int { return 0 }}
	r.files.init(r, m.Stdio)
	r.enc.begin(w.buffer())
	go r.tick()
	return r, nil
}

// Door is the recorder before another door.
func (r *Recorder) Door(inner hostsys.Door) hostsys.Door {
	r.inner = inner
	return r
}

// At says how to find out when an input comes. Until it is called all come before the
// first instruction.
func (r *Recorder) At(now Now) { r.now = now }

func (r *Recorder) tick() {
	for {
		select {
		case <-r.ticker.C:
			r.mu.Lock()
			r.flush()
			r.mu.Unlock()
		case <-r.end:
			return
		}
	}
}

// flush writes the entries that there are.
func (r *Recorder) flush() {
	seq := r.enc.seq
	if first := r.enc.first; first == seq {
		return
	}
	r.store.flush()
	r.w.write(logFrame, r.enc.buf)
	r.enc.begin(r.w.buffer())
	r.shown = false
}

// enter begins entries that belong together; leave ends them.
func (r *Recorder) enter() { r.mu.Lock() }

func (r *Recorder) leave() {
	r.flushFull()
	r.mu.Unlock()
}

// flushFull writes the entries that there are if they fill a frame.
func (r *Recorder) flushFull() {
	if len(r.enc.buf) >= frameSize {
		r.flush()
	}
}

// Pending implements hostsys.Door.
func (r *Recorder) Pending() *atomic.Bool { return r.inner.Pending() }

// Clock implements hostsys.Door.
func (r *Recorder) Clock(clock int) (int64, bool) {
	ns, ok := r.inner.Clock(clock)
	if ok && !r.ended {
		r.enter()
		r.head(clockEntry)
		r.enc.clock(clock, ns)
		r.leave()
	}
	return ns, ok
}

func (r *Recorder) head(k kind) { r.enc.head(k, r.now.Icount(), r.now.Thread()) }

// Do implements hostsys.Door.
func (r *Recorder) Do(c *hostsys.Call) {
	if r.ended {
		r.inner.Do(c)
		return
	}
	if do := passing[c.Nr]; do != nil {
		do(r, c)
		return
	}
	if c.Nr != hostsys.SysSignals { // which a player is asked for when they came alone
		r.sumState()
	}
	sum := r.sums.sum(c)
	moved := r.files.before(c)
	r.inner.Do(c)
	if c.Nr == hostsys.SysSignals && c.Ret == 0 {
		return // nothing has come
	}
	r.enter()
	defer r.leave()
	if r.shown && c.Nr == hostsys.SysMap { // what it shows may take a while to be read
		r.flush()
	}
	r.record(c, sum)
	r.files.after(c, moved)
}

// passing are the calls whose answers a player finds out by itself.
var passing = map[uintptr]func(r *Recorder, c *hostsys.Call){
	hostsys.SysMappedSize: func(r *Recorder, c *hostsys.Call) {
		r.inner.Do(c)
		r.enter()
		r.files.seen(int(c.Args[0].Num), c.Ret)
		r.leave()
	},
	hostsys.SysMappedClose: func(r *Recorder, c *hostsys.Call) {
		r.files.drop(int(c.Args[0].Num))
		r.inner.Do(c)
	},
}

// record writes down a call that has been made.
func (r *Recorder) record(c *hostsys.Call, sum uint32) {
	rc := &r.call
	*rc = recordedCall{nr: c.Nr, sum: sum, ret: c.Ret, errno: c.Err, outs: rc.outs[:0], echo: r.files.echo(c)}
	if c.Nr == hostsys.SysSignals {
		rc.place = c.Args[1].Num
	}
	for _, b := range filled(c) {
		n := len(b)
		if c.Err == abi.EFAULT {
			n = there(b)
		}
		if rc.outs = append(rc.outs, r.out(b[:n])); n < len(b) {
			break // nothing after it has been filled
		}
	}
	if m := c.Msg; m != nil && c.Nr == unix.SYS_RECVMSG && c.Err == 0 {
		rc.outs = append(rc.outs, r.out(m.Name), r.out(m.Control), r.out([]byte{byte(m.Flags), byte(m.Flags >> 8), byte(m.Flags >> 16), byte(m.Flags >> 24)}))
	}
	r.shown = r.shown || rc.echo != noStream
	r.head(callEntry)
	r.enc.call(rc)
}

// out has the whole pages of a buffer written once.
func (r *Recorder) out(b []byte) (o outBuf) {
	for len(b) >= PageSize {
		o.pages = append(o.pages, r.store.put(b[:PageSize]))
		b = b[PageSize:]
	}
	o.rest = b
	return o
}

// note keeps a sentence for the summary and tells it.
func (r *Recorder) note(format string, a ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, a...))
	r.warn(format, a...)
}

// Short notes that this machine has had no room for what the guest needed, which is no
// input: another one may have it.
func (r *Recorder) Short(err error) {
	if line := fmt.Sprintf("the machine had no room for the guest (%v)", err); !slices.Contains(r.notes, line) {
		r.notes = append(r.notes, line)
	}
}

// Close ends the recording. What it says of the run is filled in but for what the
// recorder knows itself.
func (r *Recorder) Close(s Summary) error {
	r.stop()
	r.mu.Lock()
	r.files.close()
	r.flush()
	r.mu.Unlock()
	s.Inputs, s.Notes, s.Shared, s.Edited = r.enc.seq, r.notes, r.shared, r.edited
	return r.w.Close(&s)
}

// Keep gives the recording its name; until then it has another. See Writer.Keep.
func (r *Recorder) Keep(name string, overwrite bool) error { return r.w.Keep(name, overwrite) }

// Spoilt says, of a recording that has been closed, why its file is none, or does not hold
// what was recorded; nil if all is well. Name is the file's name, which another one may
// have become.
func (r *Recorder) Spoilt() error { return r.w.spoilt }

// Name is the name of the file.
func (r *Recorder) Name() string { return r.w.path }

// Shared are the files that the guest mapped to be written, for all to see.
func (r *Recorder) Shared() []string { return r.shared }

// Discard ends a recording that nobody wants.
func (r *Recorder) Discard() error {
	r.stop()
	return r.w.Discard()
}

func (r *Recorder) stop() {
	r.ticker.Stop()
	close(r.end)
	r.ended = true
	r.symbols.todo.Wait()
}

// Size is how large the recording is, Inputs how many there are.
func (r *Recorder) Size() int64 { return r.w.Size() }

// Inputs is how many entries there are.
func (r *Recorder) Inputs() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.enc.seq
}
