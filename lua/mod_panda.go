package lua

import (
	glua "github.com/yuin/gopher-lua"

	"panda/emu/plugin"
	"panda/lua/num"
	"panda/lua/val"
)

var pandaModule = Module{
	Name: "panda",
	Doc: "The machine. Functions of the manual keep their names without `panda_`. `panda.cpu` is the virtual CPU. " +
		"`panda.keep` is a table whose numbers, texts, truth values and tables survive when the script is reloaded. " +
		"What the world does wrong comes back as nil and a message; a mistake in the script is an error with its line.",
	Rows: append([]Row{
		{"on", "event, [filter,] fn", "handle", "Calls fn(cpu, …) at an event that the filter takes; see Events and Filters below.", pandaOn},
		{"register_callback", "event, fn", "handle", "The manual's. An insn_exec callback without filter is called where an insn_translate callback returned true; in place of that function a filter table may stand.", pandaRegister},
		{"hook", "func, {enter=, leave=, abandoned=}", "handle", "Watches the calls of a function, given as address, symbol or pattern (\"libc.so.6!mem*\"). enter(cpu, arg1, …) runs before its first instruction; what it returns becomes the result of the call, which then is not made. " +
			"leave(cpu, ret, arg1, …) runs when it has returned, with the arguments of the entry; what it returns replaces the result. " +
			"A call that ends without a return calls abandoned(cpu, reason, arg1, …) and not leave: reason is \"unwound\" (longjmp, an exception, pthread_exit: its frame is gone), \"exit\" (its thread or process ended within it), \"exec\" or \"lost\" (more than 262144 calls are in progress). A call is found unwound when a function that a hook of whichever script watches returns or is left further out on the same stack, when another is entered further out and its return address has been overwritten, or when its thread ends further out; calls that end together are told of the innermost first, before what ended them. The stack that a thread began on is known, and that of sigaltstack; on others, as of coroutines, only the overwritten address tells, and what nothing has told of by the end of the thread is an \"exit\". A jump back to the first instruction is no new call where leave= or abandoned= is given. The table's fields name and caller tell which call it is; its field call is a table of that call alone, in which enter leaves something for leave.", pandaHook},
		{"syscall", "name, {enter=, leave=}", "handle", "The same for system calls: enter(cpu, arg1, …) may return the result of a call that is not to be made; leave(cpu, ret, arg1, …), ret signed.", pandaSyscall},
		{"at", "icount, fn", "handle", "Calls fn(cpu) when so many instructions have been completed, before the next begins.", pandaAt},
		{"every", "n, fn", "handle", "Calls fn(cpu) each time that n more instructions have been completed.", pandaEvery},
		{"call", "func, ...", "integer or nil, message", "Runs a guest function with these integers as arguments in the current thread, now, and gives its result; registers and the instruction count are afterwards as before, and so are the thread's signal mask and what signals it has sent itself. A function that leaves its call, as longjmp does, or that raises a signal is ended with a message. A text is put on its stack and given as its address. Hooks of the function are told of it; calls that make further calls more than 16 deep are an error.", pandaCall},
		{"original", "func, ...", "integer or nil, message", "panda.call without the hooks of that function: for a handler that wants what it hooks.", pandaOriginal},
		{"batch", "event, {fields=, n=, …filter}, fn", "handle", "Collects events and calls fn(batch) for n (4096) at a time, and for the rest at the end: for traces that need no live state. fields= lists those of pc addr size value icount thread that are wanted (all).", pandaBatch},
		{"get_args", "", "table", "The script's arguments: values by key (true for a flag), and a list of {key=, value=}.", pandaArgs},
		{"arg", "key[, default[, doc]]", "value", "One argument, as text, number or truth value like its default; nil when absent and without default. It is declared: NAME:help lists it.", pandaArg},
		{"breakpoint", "place[, when]", "handle", "Stops the guest before the instruction at an address or symbol, if the condition holds.", pandaBreakpoint},
		{"watchpoint", "addr[, n[, when]]", "handle", "Stops the guest when it writes to n bytes (8) of memory.", pandaWatchpoint},
		{"stop", "", "", "Makes the guest stop after the current block, in before_exception before the signal is delivered; in the REPL it can be continued. Without a terminal panda ends there with status 1; panda.exit ends the guest with a status of one's own.", core(func(c coreOf) { c.Stop() })},
		{"step", "[n]", "", "At the prompt: runs n instructions (1), of whichever threads have their turn, and prints nothing.", pandaStep},
		{"continue", "", "", "At the prompt: lets the guest run on.", pandaContinue},
		{"detach", "", "", "Ends this script, as if it were unloaded: uninit_plugin is called, tables are printed, and the guest runs on without it.", pandaDetach},
		{"exit", "[status]", "", "Ends the guest with an exit status (0).", pandaExit},
		{"symbol", "name", "address or nil", "The address of a symbol, \"main\" or \"libc.so.6!malloc\".", pandaSymbol},
		{"symbols", "prefix", "list", "Names of symbols that begin with a text, or with \"file!text\".", pandaSymbols},
		{"program", "", "table", "The program that runs: path, name, start, stop, pid, arch and bits.", pandaProgram},
		{"threads", "", "list", "The guest's threads: tables with tid, pid, comm, pc, state (running, ready, waiting, stopped) and call, the system call that one waits in.", pandaThreads},
		{"maps", "", "list", "The guest's mappings: tables with start, stop, prot, file and offset.", pandaMaps},
		{"modules", "", "list", "The mapped files: tables with name, path, start and stop.", pandaModules},
		{"search", "text[, {lo=, hi=, module=, limit=}]", "list", "Addresses where the text stands in memory, at most limit (1000).", pandaSearch},
		{"search_bytes", "pattern[, {lo=, hi=, module=, limit=}]", "list", "The same for a pattern such as \"0f 05 | 0f ?? 90\".", pandaSearchBytes},
		{"color", "text, color", "string", "The text in a color (red green yellow blue magenta cyan bold dim), where the output is a terminal.", pandaColor},
		{"doctor", "", "string", "What became of every subscription, and why one never fired.", pandaDoctor},
		{"virtual_memory_rw", "addr, n_or_str[, is_write]", "string, true, or nil and message", "The manual's: reads n bytes of guest memory, or writes str; never touches a device.", pandaMemoryRW},
		{"export", "name, value", "", "Offers data or a function to other plugins, which find it by plugin:lookup(name); Go gets functions as plugin.Func.", pandaExport},
		{"event", "name[, doc, ...]", "event", "Declares an event of this plugin, with the names of what it tells, which others hear by panda.listen and Go plugins by Host.Listen.", pandaEvent},
		{"listen", "plugin, name, fn", "handle or nil, message", "Calls fn(…) when a plugin, in Lua or Go, fires an event of its own.", pandaListen},
		{"need", "name[, args]", "plugin or nil, message", "Loads a plugin that this one cannot be without, unless it is there, and keeps it from being unloaded first.", pandaNeed},
		{"free_args", "[args]", "", "The manual's: Lua frees what get_args gave by itself.", func(*State, *glua.LState) int { return 0 }},
		{"physical_memory_rw", "addr, n_or_str[, is_write]", "nil, message", "The manual's: a program in user mode has no physical memory.", noPhysical},
		{"memsavep", "path", "nil, message", "The manual's: saves physical memory; a program in user mode has none.", noPhysical},
		{"switches", "", "table", "How the switches below stand: chaining, memcb, precise_pc.", pandaSwitches},
		{"record", "", "table or nil", "The recording that is being made of the run: file, inputs, instructions and bytes until now.", recordingState((*plugin.Host).Recording)},
		{"replay", "", "table or nil", "The recording of which the run is a replay: file, inputs taken until now, instructions of the whole run (0 if its recorder was killed; cpu.icount says how many have been replayed), bytes.", recordingState((*plugin.Host).Replay)},
		{"load_plugin", "path[, args]", "plugin or nil, message", "Loads a plugin from a file.", pandaLoadPlugin},
		{"load", "name[, args]", "plugin or nil, message", "Loads a plugin by its name, as -panda does.", pandaLoad},
		{"unload_plugin", "plugin", "true or nil, message", "Unloads a plugin, given as handle or name.", pandaUnload},
		{"get_plugin_by_name", "name", "plugin or nil", "A loaded plugin.", pandaGetPlugin},
		{"disable_plugin", "plugin", "", "Keeps a plugin's callbacks from firing.", pluginRows("disable")},
		{"enable_plugin", "plugin", "", "Lets a plugin's callbacks fire again.", pluginRows("enable")},
		{"do_flush_tb", "", "", "Drops all translations after the current block. A change of subscriptions does what is needed by itself.", core(func(c coreOf) { c.FlushTB() })},
	}, append(switchRows(), aggRows()...)...),
}

type coreOf interface {
	Stop()
	FlushTB()
	SetMemCallbacks(on bool)
	SetChaining(on bool)
	SetPrecisePC(on bool)
}

// core is a function without arguments that acts on the machine.
func core(do func(coreOf)) func(*State, *glua.LState) int {
	return func(s *State, L *glua.LState) int {
		do(s.needHost(L).Core())
		return 0
	}
}

// switchRows are the manual's switches, each to enable and to disable.
func switchRows() []Row {
	var rs []Row
	for _, sw := range []struct {
		name, doc string
		set       func(c coreOf, on bool)
	}{
		{"memcb", "memory callbacks; registering one switches them on", coreOf.SetMemCallbacks},
		{"tb_chaining", "the chaining of blocks", coreOf.SetChaining},
		{"precise_pc", "keeping pc up to date after each instruction; in callbacks it always is", coreOf.SetPrecisePC},
	} {
		rs = append(rs,
			Row{"enable_" + sw.name, "", "", "Switches on " + sw.doc + ".", core(func(c coreOf) { sw.set(c, true) })},
			Row{"disable_" + sw.name, "", "", "Switches off " + sw.doc + ".", core(func(c coreOf) { sw.set(c, false) })})
	}
	for _, name := range []string{"enable_llvm", "disable_llvm", "enable_llvm_helpers", "disable_llvm_helpers"} {
		rs = append(rs, Row{name, "", "nil, message", "This build has no LLVM back end: it says so and does nothing.", noLLVM})
	}
	return rs
}

func noLLVM(_ *State, L *glua.LState) int { return val.PushError(L, plugin.ErrNoLLVM) }

func noPhysical(_ *State, L *glua.LState) int { return val.PushError(L, plugin.ErrNoPhysicalMemory) }

func pandaSwitches(s *State, L *glua.LState) int {
	sw := s.needHost(L).Switches()
	t := L.NewTable()
	t.RawSetString("chaining", glua.LBool(sw.Chaining))
	t.RawSetString("memcb", glua.LBool(sw.MemCallbacks))
	t.RawSetString("precise_pc", glua.LBool(sw.PrecisePC))
	L.Push(t)
	return 1
}

// recordingState is a function that tells of a recording.
func recordingState(of func(*plugin.Host) *plugin.Recording) func(*State, *glua.LState) int {
	return func(s *State, L *glua.LState) int {
		r := of(s.needHost(L))
		if r == nil {
			L.Push(glua.LNil)
			return 1
		}
		t := L.NewTable()
		t.RawSetString("file", glua.LString(r.File))
		t.RawSetString("inputs", num.Int(r.Inputs))
		t.RawSetString("instructions", num.Int(r.Instructions))
		t.RawSetString("bytes", num.Int(uint64(r.Bytes)))
		L.Push(t)
		return 1
	}
}

// pluginRows is the function of a plugin's method, for the manual's names.
func pluginRows(method string) func(*State, *glua.LState) int {
	for _, r := range pluginModule.Rows {
		if r.Name == method {
			return r.fn
		}
	}
	panic("BUG: no plugin method " + method)
}

func pandaExit(s *State, L *glua.LState) int {
	s.needHost(L).Core().Exit(int(val.OptInt(L, 1, 0)))
	return 0
}

func pandaSymbol(s *State, L *glua.LState) int {
	a, ok := s.needHost(L).Core().Lookup(L.CheckString(1))
	if !ok {
		L.Push(glua.LNil)
		return 1
	}
	return val.PushInt(L, uint64(a))
}

func pandaMaps(s *State, L *glua.LState) int {
	t := L.NewTable()
	for _, r := range s.needHost(L).Core().Regions() {
		m := L.NewTable()
		m.RawSetString("start", num.Int(uint64(r.Start)))
		m.RawSetString("stop", num.Int(uint64(r.End)))
		m.RawSetString("prot", glua.LString(r.Prot.String()))
		m.RawSetString("file", glua.LString(r.File))
		m.RawSetString("offset", num.Int(r.Offset))
		t.Append(m)
	}
	L.Push(t)
	return 1
}

func pandaMemoryRW(s *State, L *glua.LState) int {
	c := s.needCPU(L)
	if L.Get(1) == s.views.cpu { // the manual's first argument
		L.Remove(1)
	}
	a := s.argAddr(L, 1)
	text, isText := L.Get(2).(glua.LString)
	write := isText
	if L.Get(3) != glua.LNil {
		write = L.Get(3) != glua.LNumber(0) && glua.LVAsBool(L.Get(3))
	}
	if write {
		if !isText {
			L.ArgError(2, val.Expected("text to write", L.Get(2)))
		}
		return s.writeMemory(L, c, a, string(text))
	}
	return s.pushMemory(L, c, a, val.ArgLen(L, 2, -1))
}
