package lua

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"time"

	glua "github.com/yuin/gopher-lua"
)

// watchdog ends calls of a script that take too long or too much memory. Lua
// looks at a context between instructions; a goroutine cancels it when the
// outermost call is older than the limit, or when the heap has grown by more than
// the bound since it began. What may take long within one Go function asks
// (limits.go).
type watchdog struct {
	limit time.Duration // 0 for none
	bound uint64        // bytes; 0 for none
	stop  chan struct{}

	mu     sync.Mutex
	began  time.Time // of the outermost call; zero while none runs
	heap   uint64    // then
	why    string    // why the context was cancelled
	ctx    context.Context
	cancel context.CancelFunc
}

// memoryTick is how often the heap is looked at.
const memoryTick = 10 * time.Millisecond

func newWatchdog(limit time.Duration, bound uint64) *watchdog {
	w := &watchdog{limit: limit, bound: bound, stop: make(chan struct{})}
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
	case w.began.IsZero() || w.why != "":
	case w.limit > 0 && now.Sub(w.began) > w.limit:
		w.end(fmt.Sprintf("the script took longer than its deadline of %v", w.limit))
	case w.bound > 0 && heapBytes() > w.heap+w.bound:
		if runtime.GC(); heapBytes() > w.heap+w.bound {
			w.endMemory()
		}
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
		if w.bound > 0 && w.heap == 0 {
			runtime.GC() // garbage of others is not the script's
			w.heap = heapBytes()
		}
		if w.ctx.Err() != nil {
			w.ctx, w.cancel = context.WithCancel(context.Background())
		}
	}
	L.SetContext(w.ctx)
}

// ended says why the call in progress has to end, "" if it need not.
func (w *watchdog) ended() string {
	if w.ctx.Err() == nil {
		return ""
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.why
}

// weigh ends the call in progress if n more bytes break its bound.
func (w *watchdog) weigh(n uint64) {
	if w.bound == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.why == "" && heapBytes()+n > w.heap+w.bound {
		if runtime.GC(); heapBytes()+n > w.heap+w.bound {
			w.endMemory()
		}
	}
}

func (w *watchdog) endMemory() {
	w.end(fmt.Sprintf("the script took more than its %d MiB of memory", w.bound>>20))
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
