package lua

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/plugin"
	"panda/emu/vcpu"
	"panda/lua/library"
	"panda/lua/syntax"
)

// Options are common to all scripts of a machine.
type Options struct {
	Out  io.Writer // of print and of tables at exit; standard output when nil
	Path []string  // directories that require searches after the script's own
	// Format is how tables are printed: "text" (also when empty), "json", "tsv".
	Format string
	// Deadline ends a call of a script that takes longer; 0 for none. It makes
	// Lua half as fast.
	Deadline time.Duration
	// Memory ends a call when the heap has grown by more bytes than that since
	// the script's first; 0 for no bound. It costs what Deadline does.
	Memory uint64
	// Color says that the output is a terminal that knows colours.
	Color bool
	// Drive runs the guest for a session: n instructions, or on when n is
	// negative. It is nil for scripts, whose callbacks run within the guest's run.
	Drive func(n int64) error
	// Untrusted takes away what reaches beyond the guest: files, processes,
	// loading of plugins.
	Untrusted bool
	// Lost is told when something that a script wrote could not be written; it may
	// be nil.
	Lost func(err error)

	culprits *culprits // of the machine; a state alone has its own
}

// State is one script, one-liner or REPL session: a Lua state, bound to a
// machine once it is initialised as a plugin. It belongs to the machine's
// goroutine.
type State struct {
	L    *glua.LState
	opts Options
	name string // of the chunk: the script's path
	host *plugin.Host
	main *glua.LFunction // the script; nil in a session

	help    syntax.Helpers
	mods    map[string]*glua.LTable // by module name
	library *library.Env
	cpu     *vcpu.CPU // of the running callback
	views   views
	boxes   [boxCount]glua.LValue
	keep    *glua.LTable // panda.keep
	kept    *keeper
	guard   *watchdog

	calling
	collected
	lifetime
	interrupted interrupted
	untrusted
}

// untrusted is what errors of an untrusted script are explained with.
type untrusted struct {
	source string          // of the script
	taken  map[string]bool // names that it lacks; nil for a trusted one
}

// calling is about the calls of Lua that are in progress.
type calling struct {
	idle     []*glua.LState // threads that protected calls have left
	depth    int            // how many calls there are within each other
	calls    uint64         // outermost calls so far
	nested   nesting        // threads that wait for an inner one
	trace    string         // traceback of the error that a handler looks at
	exported int            // values that the exchange in progress has copied
}

// collected is what the script's aggregations are.
type collected struct {
	aggs     []*aggregation
	aggBytes uint64 // that they keep
}

// lifetime is what is left to do at the end.
type lifetime struct {
	inits   bool     // init_plugin has run: Close owes uninit_plugin
	closers []func() // run by Close: files to flush
	closed  bool
}

// gopher-lua keeps t[n] in an array up to MaxArrayIndex, with all elements
// before it: a table keyed by addresses would take gigabytes. Programs are not
// loaded below 4 MiB, and lists that long do not occur.
func init() { glua.MaxArrayIndex = 4 << 20 }

const (
	// callFrames bounds the recursion of Lua code.
	callFrames = 8000
)

// NewState makes a session: an initialised State evaluates text with Eval.
func NewState(opts Options) *State { return newState("stdin", opts) }

func newState(name string, opts Options) *State {
	if opts.Out == nil {
		opts.Out = os.Stdout
	}
	s := &State{name: name, opts: opts, mods: map[string]*glua.LTable{}}
	s.library = library.NewEnv(bounds{s})
	s.L = glua.NewState(glua.Options{
		CallStackSize: callFrames, MinimizeStackMemory: true,
		RegistrySize: 1024, RegistryGrowStep: 4096, RegistryMaxSize: 1 << 20,
		SkipOpenLibs: true,
	})
	s.openLibraries()
	s.openInterrupt()
	if opts.Untrusted {
		s.restrict()
	}
	if opts.Deadline > 0 || opts.Memory > 0 {
		if opts.culprits == nil {
			opts.culprits = new(culprits)
		}
		s.guard = newWatchdog(opts.Deadline, opts.Memory, opts.culprits)
	}
	return s
}

// Init binds the state to a machine and runs the script.
func (s *State) Init(h *plugin.Host) error {
	s.host = h
	s.cpu = h.CPU()
	if s.main == nil {
		return nil
	}
	if s.kept != nil {
		s.kept.restore(s.name, s.keep)
	}
	if _, err := s.run(s.main); err != nil {
		return err
	}
	return s.initPlugin()
}

// initPlugin calls init_plugin(self) if the script has it, as the manual says.
func (s *State) initPlugin() error {
	s.inits = true
	fn, ok := s.L.GetGlobal("init_plugin").(*glua.LFunction)
	if !ok {
		return nil
	}
	ret, err := s.run(fn, s.pluginValue(s.host.Get(s.host.Name())))
	if err != nil {
		return err
	}
	if len(ret) > 0 && ret[0] == glua.LFalse {
		return errors.New("init_plugin returned false")
	}
	return nil
}

// Close calls uninit_plugin(self), prints the aggregations and closes files.
func (s *State) Close() error {
	var err error
	if fn, ok := s.L.GetGlobal("uninit_plugin").(*glua.LFunction); ok && s.inits && s.host != nil {
		_, err = s.run(fn, s.pluginValue(s.host.Get(s.host.Name())))
	}
	for _, a := range s.aggs {
		a.write(s.out())
	}
	for _, c := range s.closers {
		c()
	}
	if s.kept != nil {
		s.kept.save(s.name, s.keep)
	}
	s.closed = true
	s.endGuard()
	return err
}

// endGuard ends the watchdog of a state that is closed. A script that unloads
// itself is still in one of its calls: that call is guarded to its end.
func (s *State) endGuard() {
	if s.guard != nil && s.closed && s.depth == 0 {
		s.guard.close()
		s.guard = nil
	}
}

// run calls a function, protected, and gives its results.
func (s *State) run(fn *glua.LFunction, args ...glua.LValue) ([]glua.LValue, error) {
	return s.runOn(s.enter(), fn, args)
}

func (s *State) runOn(L *glua.LState, fn glua.LValue, args []glua.LValue) ([]glua.LValue, error) {
	defer s.leave(L)
	top := L.GetTop()
	L.Push(fn)
	for _, a := range args {
		L.Push(a)
	}
	if err := L.PCall(len(args), glua.MultRet, nil); err != nil {
		return nil, s.scriptError(err)
	}
	ret := make([]glua.LValue, 0, L.GetTop()-top)
	for i := top + 1; i <= L.GetTop(); i++ {
		ret = append(ret, L.Get(i))
	}
	L.SetTop(top)
	return ret, nil
}

// enter gives a Lua thread for a protected call. While Lua code runs, a further
// call gets a thread of its own: an error closes all upvalues of the thread in
// which it happens, also those of callers that catch it.
func (s *State) enter() *glua.LState {
	if s.depth++; s.depth == 1 {
		s.calls++
	}
	L := s.L
	if n := len(s.idle); s.depth > 1 && n > 0 {
		L = s.idle[n-1]
		s.idle = s.idle[:n-1]
	} else if s.depth > 1 {
		L, _ = s.L.NewThread()
	}
	if s.guard != nil {
		s.guard.enter(L, s.depth)
	}
	return L
}

func (s *State) leave(L *glua.LState) {
	s.depth--
	if s.depth == 0 && s.interrupted.by != nil {
		s.endInterrupt()
	}
	if s.guard != nil {
		s.guard.leave(s.depth)
		s.endGuard()
	}
	if L != s.L {
		s.idle = append(s.idle, L)
	}
}

// ScriptError is an error of Lua code with its traceback.
type ScriptError struct {
	Msg   string // begins with file:line
	Where string // event and pc of a callback, if it was one
	Trace string

	interrupted bool
}

// Is makes errors of calls that were interrupted known as ErrInterrupted.
func (e *ScriptError) Is(target error) bool { return e.interrupted && target == ErrInterrupted }

func (e *ScriptError) Error() string {
	s := e.Msg
	if e.Where != "" {
		s += " (" + e.Where + ")"
	}
	if e.Trace != "" {
		s += "\n" + e.Trace
	}
	return s
}

func (s *State) scriptError(err error) *ScriptError {
	var api *glua.ApiError
	if !errors.As(err, &api) {
		return &ScriptError{Msg: err.Error()}
	}
	msg := errorText(api.Object)
	if s.guard != nil {
		msg = s.guard.explain(msg)
	}
	if s.taken != nil {
		msg = s.explainTaken(msg)
	}
	return &ScriptError{Msg: msg, Trace: cleanTrace(api.StackTrace), interrupted: s.wasInterrupted()}
}

// errorText is what an error value says: any Lua value may be raised.
func errorText(v glua.LValue) string {
	if t, ok := v.(*glua.LTable); ok {
		if m, ok := t.RawGetString("message").(glua.LString); ok {
			return string(m)
		}
		return fmt.Sprintf("(error object is a %s value)", v.Type())
	}
	return v.String()
}

// dir is the directory of the script.
func (s *State) dir() string { return filepath.Dir(s.name) }
