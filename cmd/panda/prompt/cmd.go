package prompt

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"panda/cmd/panda/reload"
	"panda/emu"
	"panda/emu/event"
	"panda/emu/plugin"
	"panda/lua"
)

// command is a row of the prompt's commands.
type command struct {
	name, short string // short is another name, or empty
	args, help  string
	do          func(s *session, args string) error
	// complete says what its arguments are completed from: symbols, registers,
	// events, plugins, topics, commands.
	complete string
	flags    cmdFlags
}

type cmdFlags uint8

const (
	again cmdFlags = 1 << iota // an empty line repeats it
	live                       // needs a guest that has not ended
)

// commandTable is filled in by init: help lists it.
var commandTable []command

func init() {
	commandTable = []command{
		{"break", "b", "[symbol|addr] [if condition]", "stop before an instruction (the current one)", cmdBreak, "symbols", live},
		{"tbreak", "tb", "[symbol|addr] [if condition]", "as break, for one stop", cmdTBreak, "symbols", live},
		{"watch", "", "addr [n]", "stop before n bytes (8) of memory are written", cmdWatch, "symbols", live},
		{"rwatch", "", "addr [n]", "stop after they are read", cmdRWatch, "symbols", live},
		{"disable", "", "number…", "let a breakpoint rest", cmdDisable, "", 0},
		{"enable", "", "number…", "let it stop the guest again", cmdEnable, "", 0},
		{"delete", "d", "number…|all", "remove breakpoints", cmdDelete, "", 0},
		{"step", "s", "[n]", "run n instructions (1)", cmdStep, "", again | live},
		{"next", "n", "", "run one instruction, a call as a whole", cmdNext, "", again | live},
		{"until", "", "[symbol|addr]", "run to a place of this function or its callers, or out of a loop", cmdUntil, "symbols", again | live},
		{"finish", "fin", "", "run until the current function returns", cmdFinish, "", live},
		{"continue", "c", "[symbol|addr]", "run on, to a place if one is given", cmdContinue, "symbols", again | live},
		{"signal", "", "[signal|0]", "run on with a signal in place of the one that stopped the guest, 0 for none", cmdSignal, "signals", live},
		{"handle", "", "signal… [stop|nostop|fatal] [pass|nopass] [print|noprint]", "what becomes of signals: fatal stops the guest if it would kill", cmdHandle, "signals", 0},
		{"jump", "j", "symbol|addr", "go on there with the next step", cmdJump, "symbols", live},
		{"context", "ctx", "", "show registers (* changed), code and stack, as at a stop", cmdContext, "", live},
		{"regs", "r", "[name|name=value]…", "show or change registers", cmdRegs, "registers", live},
		{"x", "", "/[n][f][u] addr", "show memory: f one of x d u o c s a i f, u one of b h w g", cmdExamine, "symbols", again | live},
		{"telescope", "tel", "[addr] [n]", "show n words (8) from addr (sp) on, and what they point to", cmdTelescope, "symbols", again | live},
		{"search", "find", "\"text\"|{bytes}|number", "find where that stands in memory; {0f 05 ?? | 90} is a pattern", cmdSearch, "symbols", live},
		{"hexdump", "hd", "addr [n]", "show n bytes (64) of memory", cmdHexdump, "symbols", again | live},
		{"disas", "u", "[addr] [n]", "show n instructions (8) from addr (pc) on", cmdDisas, "symbols", again | live},
		{"maps", "vmmap", "[text]", "list the guest's mappings that contain the text", cmdMaps, "", live},
		{"bt", "", "[n]", "show the calls that lead here, as far as frame pointers tell", cmdBacktrace, "", live},
		{"symbol", "sym", "symbol|addr", "tell what an address is, or where a symbol lies", cmdSymbol, "symbols", live},
		{"info", "i", "topic", "tell about: " + strings.Join(Topics(), " "), cmdInfo, "topics", 0},
		{"load", "", "name[:args]", "load a plugin, by name or from a .lua file", cmdLoad, "plugins", 0},
		{"unload", "", "name", "unload a plugin", cmdUnload, "loaded", 0},
		{"reload", "", "name|auto", "load a script's file again; auto: each script whose file changes", cmdReload, "loaded", 0},
		{"eval", "", "lua", "evaluate Lua; a line that is no command is Lua anyway", func(s *session, args string) error { return s.evalLua(args) }, "", 0},
		{"set", "", "[name value]", "change what the prompt does, or list that", cmdSet, "settings", 0},
		{"save", "", "file", "write this session as a Lua script", cmdSave, "", 0},
		{"source", "", "file", "do the lines of a file", cmdSource, "", 0},
		{"help", "h", "[command|function]", "this list, or the help of one", cmdHelp, "commands", 0},
		{"quit", "q", "", "leave; a guest that still runs is ended", func(s *session, _ string) error { s.quitting = true; return nil }, "", 0},
	}
}

// Commands are the names of all commands.
func Commands() (names []string) {
	for _, c := range commandTable {
		names = append(names, c.name)
	}
	return names
}

// commandNames are those and the short ones.
func commandNames() []string {
	var ns []string
	for _, c := range commandTable {
		if ns = append(ns, c.name); c.short != "" {
			ns = append(ns, c.short)
		}
	}
	return ns
}

// noteBuiltins keeps the names of Lua's own globals: a user's variable hides a
// command of its name, Lua's next and error do not.
func (s *session) noteBuiltins() {
	s.builtin = map[string]bool{}
	for _, c := range commandTable {
		s.builtin[c.name], s.builtin[c.short] = s.lua.IsGlobal(c.name), s.lua.IsGlobal(c.short)
	}
}

// findCommand takes a line apart that is a command: one after a colon, or one
// whose first word is a command and not a Lua variable. The part of that word
// from a slash on belongs to the arguments, as in x/4gx.
func (s *session) findCommand(line string) (c *command, args string, ok bool) {
	text, colon := strings.CutPrefix(line, ":")
	end := strings.IndexFunc(text, func(r rune) bool { return r == '/' || r == ' ' || r == '\t' })
	if end < 0 {
		end = len(text)
	}
	name, args := text[:end], strings.TrimSpace(text[end:])
	if !colon && (s.lua.IsGlobal(name) && (!s.builtin[name] || looksLikeCall(args)) || looksLikeLua(args)) {
		return nil, "", false
	}
	i := slices.IndexFunc(commandTable, func(c command) bool { return c.name == name || c.short == name && name != "" })
	if i < 0 {
		return nil, "", false
	}
	return &commandTable[i], args, true
}

// looksLikeLua reports whether what follows a word makes it a Lua variable.
func looksLikeLua(rest string) bool {
	return rest != "" && strings.ContainsRune("=[.,:+-<>~", rune(rest[0]))
}

// looksLikeCall reports whether it makes it a Lua function.
func looksLikeCall(rest string) bool {
	return rest != "" && strings.ContainsRune("({\"'", rune(rest[0]))
}

func (s *session) call(c *command, args, line string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			refused, ok := r.(*emu.RefusedError)
			if !ok {
				panic(r)
			}
			err = refused
		}
	}()
	if c.flags&again != 0 {
		s.repeat = line
	}
	if c.flags&live != 0 && s.done {
		return errEnded
	}
	return c.do(s, args)
}

func cmdHelp(s *session, args string) error {
	if args != "" {
		return s.helpFor(args)
	}
	t := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	for _, c := range commandTable {
		names := c.name
		if c.short != "" {
			names += ", " + c.short
		}
		fmt.Fprintf(t, ":%s\t%s\t%s\n", names, c.args, c.help)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "Anything else is Lua: panda.cpu.rax, panda.on(…). :help panda.on tells of a function.\n"+
		"Addresses are numbers, symbols, registers ($rsp) or Lua expressions.")
	return nil
}

func (s *session) helpFor(name string) error {
	name = strings.TrimPrefix(name, ":")
	for _, c := range commandTable {
		if c.name == name || c.short == name {
			fmt.Fprintf(s.out, ":%s %s\n    %s\n", c.name, c.args, c.help)
			return nil
		}
	}
	if text := lua.Help(name); text != "" {
		fmt.Fprint(s.out, text)
		return nil
	}
	if rows, err := event.Glob(name); err == nil && len(rows) > 0 {
		for _, r := range rows {
			fmt.Fprintf(s.out, "%s(cpu, %s)\n    %s\n    filters: %s\n", r.Name, r.Args, r.Doc, r.Filters)
		}
		return nil
	}
	return fmt.Errorf("no help for %q%s", name, event.DidYouMean(name, commandNames()))
}

func cmdLoad(s *session, args string) error {
	specs, err := plugin.ParseSpecs(args)
	if err != nil {
		return err
	}
	for _, spec := range specs {
		if strings.HasSuffix(spec.Name, ".lua") {
			_, err = s.m.Plugins().LoadFile(spec.Name, spec.Args)
		} else {
			_, err = s.m.Plugins().Load(spec.Name, spec.Args)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *session) loaded(name string) (*plugin.Loaded, error) {
	l := s.m.Plugins().Get(name)
	if l == nil {
		var names []string
		for _, p := range s.m.Plugins().List() {
			names = append(names, p.Name)
		}
		return nil, fmt.Errorf("no plugin %q is loaded%s", name, event.DidYouMean(name, names))
	}
	if name == "repl" {
		return nil, fmt.Errorf("this is the prompt itself; :quit leaves it")
	}
	return l, nil
}

func cmdUnload(s *session, args string) error {
	l, err := s.loaded(args)
	if err != nil {
		return err
	}
	return s.m.Plugins().Unload(l)
}

func cmdReload(s *session, args string) error {
	if args == "auto" {
		if s.unwatch == nil {
			s.unwatch = reload.Watch(s.m.Plugins(), s.m.Do, func(format string, a ...any) { fmt.Fprintf(s.out, format+"\n", a...) })
		}
		return nil
	}
	l, err := s.loaded(args)
	if err != nil {
		return err
	}
	return reload.Script(s.m.Plugins(), l)
}
