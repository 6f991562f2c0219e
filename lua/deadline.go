package lua

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	glua "github.com/yuin/gopher-lua"
)

// watchdog ends calls of a script that take too long. Lua looks at a context
// between instructions; a goroutine cancels it when the outermost call is older
// than the limit. One Go function, such as a pattern match, is not interrupted.
type watchdog struct {
	limit time.Duration
	stop  chan struct{}

	mu     sync.Mutex
	began  time.Time // of the outermost call; zero while none runs
	ctx    context.Context
	cancel context.CancelFunc
}

func newWatchdog(limit time.Duration) *watchdog {
	w := &watchdog{limit: limit, stop: make(chan struct{})}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	go w.watch()
	return w
}

func (w *watchdog) watch() {
	t := time.NewTicker(max(w.limit/8, time.Millisecond))
	defer t.Stop()
	for {
		select {
		case <-w.stop:
			return
		case now := <-t.C:
			w.mu.Lock()
			if !w.began.IsZero() && now.Sub(w.began) > w.limit {
				w.cancel()
			}
			w.mu.Unlock()
		}
	}
}

// enter begins a call on a thread.
func (w *watchdog) enter(L *glua.LState, depth int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if depth == 1 {
		w.began = time.Now()
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

func (w *watchdog) end() {
	w.cancel()
	close(w.stop)
}

// explain puts the limit in place of the context's words.
func (w *watchdog) explain(msg string) string {
	return strings.Replace(msg, context.Canceled.Error(), fmt.Sprintf("the script took longer than its deadline of %v", w.limit), 1)
}

// forbidden are the names that an untrusted script does not have, "." between
// table and function.
var forbidden = []string{
	"dofile", "loadfile", "io.open", "io.popen", "io.lines", "io.input", "io.output", "io.tmpfile", "io.close", "io.read", "io.stdin",
	"os.execute", "os.exit", "os.getenv", "os.remove", "os.rename", "os.setenv", "os.tmpname", "debug", "package", "collectgarbage",
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
