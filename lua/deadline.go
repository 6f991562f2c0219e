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
// the bound since it began. One Go function, such as a pattern match, is not
// interrupted.
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
			w.end(fmt.Sprintf("the script took more than its %d MiB of memory", w.bound>>20))
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
			w.heap = heapBytes()
		}
		if w.ctx.Err() != nil {
			w.ctx, w.cancel = context.WithCancel(context.Background())
		}
	}
	L.SetContext(w.ctx)
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

// forbidden are the names that an untrusted script does not have, "." between
// table and function.
var forbidden = []string{
	"dofile", "loadfile", "io.open", "io.popen", "io.lines", "io.input", "io.output", "io.tmpfile", "io.close", "io.read", "io.stdin",
	"os.execute", "os.exit", "os.getenv", "os.remove", "os.rename", "os.setenv", "os.mkdir", "os.tmpname", "debug", "package", "collectgarbage",
	"panda.load_plugin", "panda.load", "panda.unload_plugin",
}

// restrict takes away what reaches beyond the guest. require finds the embedded
// modules only.
func (s *State) restrict() {
	loaders := s.L.GetField(s.L.GetGlobal("package"), "loaders").(*glua.LTable)
	loaders.RawSetInt(1, loaders.RawGetInt(3))
	loaders.RawSetInt(2, glua.LNil)
	loaders.RawSetInt(3, glua.LNil)
	for _, name := range forbidden {
		table, field, ok := strings.Cut(name, ".")
		if !ok {
			s.L.SetGlobal(name, glua.LNil)
		} else if t, ok := s.L.GetGlobal(table).(*glua.LTable); ok {
			t.RawSetString(field, glua.LNil)
		}
	}
}
