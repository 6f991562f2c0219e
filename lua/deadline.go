package lua

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	glua "github.com/yuin/gopher-lua"
)

// watchdog ends calls of a script that take too long or too much memory. Lua
// looks at a context between instructions; a goroutine cancels it when the
// outermost call is older than the limit, or when the heap has grown by more than
// the bound since the first one. What may take long within one Go function asks
// (limits.go). Calls may be too short for the goroutine to meet one, and keep a
// little each: at their beginning they ask as well (enter).
type watchdog struct {
	limit time.Duration // 0 for none
	bound uint64        // bytes; 0 for none
	stop  chan struct{}

	mu     sync.Mutex
	began  time.Time // of the outermost call; zero while none runs
	heap   uint64    // when the first one began
	why    string    // why the context was cancelled
	proven uint64    // what a collection has shown to be within the bound
	due    int       // so many calls later one looks at the heap as it begins
	full   int       // while calls are ended as they begin: how many are without a look
	others *culprits
	kept   bool // what it keeps is in others, and is that much:
	own    uint64
	grown  bool // the goroutine has seen a heap that is too large
	ctx    context.Context
	cancel context.CancelFunc
}

// memoryTick is how often the heap is looked at.
const memoryTick = 10 * time.Millisecond

// culprits knows how much the scripts of a machine keep that took more than their
// bound: it is not charged to the others, once for each script.
type culprits struct{ kept atomic.Uint64 }

func newWatchdog(limit time.Duration, bound uint64, others *culprits) *watchdog {
	w := &watchdog{limit: limit, bound: bound, stop: make(chan struct{}), others: others}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	go w.watch()
	return w
}

func (w *watchdog) watch() {
	tick := max(w.limit/8, time.Millisecond)
	if w.bound > 0 {
		tick = min(tick, memoryTick)
		if w.limit == 0 {
			tick = memoryTick
		}
	}
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-w.stop:
			return
		case now := <-t.C:
			w.look(now)
		}
	}
}

// look ends the call in progress if it must. A heap that has grown may be
// garbage, so a second look follows a collection.
func (w *watchdog) look(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.began.IsZero():
		w.grown = w.bound > 0 && w.heap > 0 && w.over(0)
	case w.why != "":
	case w.limit > 0 && now.Sub(w.began) > w.limit:
		w.end(fmt.Sprintf("the script took longer than its deadline of %v", w.limit))
	case w.bound > 0:
		w.weighed(0)
	}
}

// over reports whether the heap and n bytes more seem to be beyond the bound. When
// a collection has shown that they are not, so much is to come before the next: a
// script near its bound would have one after the other.
func (w *watchdog) over(n uint64) bool {
	return heapBytes()+n > max(w.most(), w.proven+w.bound/8)
}

// most is how large the heap may be.
func (w *watchdog) most() uint64 {
	foreign := w.others.kept.Load()
	if w.kept {
		foreign -= w.own
	}
	return w.heap + w.bound + foreign
}

// weighed ends the call in progress if it must for the heap and n bytes more.
func (w *watchdog) weighed(n uint64) {
	if !w.over(n) {
		return
	}
	runtime.GC()
	if w.proven = heapBytes() + n; w.proven > w.most() {
		if !w.kept {
			w.kept, w.own = true, w.proven-w.heap-w.others.kept.Load()
			w.others.kept.Add(w.own)
		}
		w.proven = 0
		w.endMemory()
	}
}

func (w *watchdog) end(why string) {
	w.why = why
	w.cancel()
}

// heapBytes is how much the objects of the heap take, with garbage that has not
// been collected.
func heapBytes() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// enter begins a call on a thread.
func (w *watchdog) enter(L *glua.LState, depth int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if depth == 1 {
		w.began, w.why = time.Now(), ""
		if w.ctx.Err() != nil {
			w.ctx, w.cancel = context.WithCancel(context.Background())
		}
		if w.bound > 0 {
			w.enterMemory()
		}
	}
	L.SetContext(w.ctx)
}

// callsPerLook is how many calls begin without a look at the heap, as long as
// nothing speaks for one.
const callsPerLook = 256

// enterMemory looks at the heap, if it is time to, when an outermost call begins.
// Where all that a script calls is ended, a collection for each is too much: from
// one to the next there are twice as many calls, which are ended without one.
func (w *watchdog) enterMemory() {
	switch w.due--; {
	case w.heap == 0:
		runtime.GC() // garbage of others is not the script's
		w.heap, w.due = heapBytes(), callsPerLook
	case w.due > 0 && w.full > 0:
		w.endMemory()
	case w.due <= 0 || w.grown:
		w.grown, w.due = false, callsPerLook
		if w.weighed(0); w.why == "" {
			w.full = 0
			return
		}
		w.full = min(w.full*2+1, callsPerLook)
		w.due = w.full
	}
}

// ended says why the call in progress has to end, "" if it need not or there is none.
func (w *watchdog) ended() string {
	if w.ctx.Err() == nil {
		return ""
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.began.IsZero() {
		return ""
	}
	return w.why
}

func (w *watchdog) endMemory() {
	w.end(fmt.Sprintf("the script took more than its %d MiB of memory", w.bound>>20))
}

// weigh ends the call in progress if n more bytes break its bound.
func (w *watchdog) weigh(n uint64) {
	if w.bound == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.why == "" {
		w.weighed(n)
	}
}

// forgive lets the next calls begin whatever the heap is: a user at the prompt may
// be about to let go of what a script keeps.
func (w *watchdog) forgive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.full, w.due, w.grown = 0, callsPerLook, false
}

func (w *watchdog) leave(depth int) {
	if depth == 0 {
		w.mu.Lock()
		w.began = time.Time{}
		w.mu.Unlock()
	}
}

func (w *watchdog) close() {
	w.cancel()
	close(w.stop)
}

// explain puts the reason in place of the context's words.
func (w *watchdog) explain(msg string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.why == "" {
		return msg
	}
	return strings.Replace(msg, context.Canceled.Error(), w.why, 1)
}
