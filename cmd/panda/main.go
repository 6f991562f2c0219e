// Command panda runs a Linux program under a binary translator and lets
// plugins and Lua scripts watch and steer it.
//
//	panda [options] PROGRAM [ARG…]
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"panda/emu"
	"panda/emu/linux/mm"
	"panda/emu/plugin"
)

// Exit codes of panda's own, as shells use them.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitNotExec = 126
	exitMissing = 127
)

// gcPercent lets the heap of translations grow further between collections than
// Go's default; GOGC in the environment overrides it. The first collection comes
// at gcFirst percent of the 4 MiB that Go takes for the least heap: the
// translations of most programs are smaller, and hardly any is garbage.
const (
	gcPercent = 400
	gcFirst   = 2400
)

// setGC sets when garbage is collected.
func setGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(gcFirst)
	first := new([2]*byte) // goes with the first collection
	runtime.AddCleanup(first, func(percent int) { debug.SetGCPercent(percent) }, gcPercent)
}

func main() {
	setGC()
	args := append(slices.Clone(systemNames[filepath.Base(os.Args[0])]), os.Args[1:]...)
	os.Exit(run(args, os.Stdout, os.Stderr))
}

// options are the command line.
type options struct {
	scriptOptions
	guestOptions
	engineOptions
	printOptions
	sandbox sandboxOptions
	repl    bool
	list    string
	listing bool
	version bool
	trace   *traceOptions // of panda trace, else nil
	record  recordOptions
	replay  *replayOptions // of panda replay, else nil
	system  *systemOptions // of panda system, else nil
}

// scriptOptions are about plugins.
type scriptOptions struct {
	plugins  []loadOption
	args     []string // -panda-arg
	lua      []string // -e
	strict   bool
	watch    bool
	untrust  bool
	deadline time.Duration
	memory   uint64 // MiB
	lost     error  // why output of a script was not written
}

// guestOptions are about the program.
type guestOptions struct {
	program []string
	argv0   string
	env     []string
	hostEnv string // names of the host's variables that the program gets
	sysroot string
	layout  mm.Kind
}

// engineOptions are about how it runs.
type engineOptions struct {
	arch     string
	cpu      string
	accel    string
	mmu      emu.MMU
	window   uint64
	lockstep bool
	seed     uint64
	export   []string
}

// printOptions are about what is told.
type printOptions struct {
	strace   bool
	verbose  bool
	json     bool
	tsv      bool
	dump     string
	dumpFile string
}

// loadOption is one -panda or -panda-plugin, in the order given.
type loadOption struct {
	specs []plugin.Spec
	file  string
}

// writeUsage writes what stands above the options.
func writeUsage(w io.Writer) {
	fmt.Fprint(w, "usage: panda [options] PROGRAM [ARG…]\n       panda -l [GLOB]\n")
	for _, c := range subcommands {
		fmt.Fprintf(w, "       panda %s %s\n", c.name, c.args)
	}
	fmt.Fprint(w, "\nRuns a Linux program under a binary translator, watched by plugins and scripts.\n\n")
}

// flags declares the options. What flag.PrintDefaults prints is their help.
func (o *options) flags(out io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("panda", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() {
		if usage := o.usage(); usage != "" {
			fmt.Fprint(out, usage)
			if o.replay != nil {
				o.replay.writeFlags(f, out)
			} else {
				f.PrintDefaults()
			}
			return
		}
		writeUsage(out)
		f.PrintDefaults()
		dumpHelp(out)
	}
	f.Func("l", "list the events, fields, plugins and scripts that match the `glob`", func(s string) error { o.list, o.listing = s, true; return nil })
	if o.trace != nil {
		o.trace.flags(f)
	} else {
		f.BoolVar(&o.version, "version", false, "print which panda this is")
		f.BoolVar(&o.repl, "i", false, "stop before the first instruction and open a prompt")
	}
	o.scriptOptions.flags(f)
	o.engineOptions.flags(f)
	o.printOptions.flags(f)
	if o.system != nil {
		o.system.flags(f)
		return f
	}
	if o.replay != nil {
		o.replay.flags(f)
	} else {
		o.record.flags(f)
	}
	o.guestOptions.flags(f)
	o.engineOptions.programFlags(f)
	o.printOptions.programFlags(f)
	o.sandbox.flags(f)
	return f
}

// usage is what stands above the options of a subcommand, "" of panda itself.
func (o *options) usage() string {
	switch {
	case o.trace != nil:
		return traceUsage
	case o.replay != nil:
		return o.replay.usage()
	case o.system != nil:
		return systemUsage
	case o.record.on:
		return recordUsage
	}
	return ""
}

func (o *scriptOptions) flags(f *flag.FlagSet) {
	f.Func("panda", "load plugins: `'a;b:key=value,flag'`; NAME:help, with no program, lists a plugin's arguments", func(s string) error {
		specs, err := plugin.ParseSpecs(s)
		o.plugins = append(o.plugins, loadOption{specs: specs})
		return err
	})
	f.Func("panda-plugin", "load the plugin in a `file`: a Lua script", func(s string) error {
		o.plugins = append(o.plugins, loadOption{file: s})
		return nil
	})
	f.Func("panda-arg", "give a plugin an argument: `name:key=value`", func(s string) error { o.args = append(o.args, s); return nil })
	f.Func("e", "run a line of `Lua` before the program starts", func(s string) error { o.lua = append(o.lua, s); return nil })
	f.BoolVar(&o.strict, "strict", false, "end the run when a callback fails, instead of disabling it")
	f.BoolVar(&o.watch, "watch", false, "load a script again when its file changes")
	f.BoolVar(&o.untrust, "untrusted", false, "give scripts no files, processes or plugins, only the guest; unless told otherwise, a call has 10s and 1024 MiB")
	f.DurationVar(&o.deadline, "script-deadline", 0, "end a call of a script that takes longer, as \"100ms\"; 0 for never")
	f.Func("script-memory", "end a call of a script when the scripts' data has grown by more `MiB`", func(s string) (err error) {
		if o.memory, err = strconv.ParseUint(s, 10, 40); err != nil {
			return errors.New("it is to be a number from 0 up")
		}
		return nil
	})
}

func (o *guestOptions) flags(f *flag.FlagSet) {
	f.Func("E", "set an environment variable of the program: `NAME=value`; NAME alone takes it from the host, if it is set there", func(s string) error {
		o.env = append(o.env, s)
		if strings.HasPrefix(s, "=") || s == "" {
			return errors.New("a variable has a name")
		}
		return nil
	})
	f.StringVar(&o.hostEnv, "env", "", "give the program these of the host's environment variables: all, none or `names`, as in 'PATH,LC_*'; the default is all, under -sandbox "+sandboxEnv)
	f.StringVar(&o.sysroot, "L", "", "look for absolute paths in this `directory` first")
	f.StringVar(&o.argv0, "0", "", "argv[0] of the program")
	f.Func("layout", "where a program lies: `compact`, or native as without a debugger's randomisation on Linux, slower; sanitizers' programs are native anyhow", func(s string) (err error) {
		o.layout, err = mm.ParseKind(s)
		return err
	})
}

func (o *engineOptions) flags(f *flag.FlagSet) {
	f.StringVar(&o.arch, "arch", "", "guest architecture `name`: "+strings.Join(emu.Architectures(), ", ")+"; the default is the program's")
	f.StringVar(&o.cpu, "cpu", "", "CPU `model`: "+strings.Join(emu.Models(), "; "))
	f.StringVar(&o.accel, "accel", "", "`engine`: jit makes machine code, interp interprets; the default is the fastest that works here")
	f.BoolVar(&o.lockstep, "lockstep", false, "run each block on the interpreter too, and stop where the results differ")
	for _, e := range emu.Exports {
		f.BoolFunc(e.Name, e.Doc, func(string) error { o.export = append(o.export, e.Name); return nil })
	}
}

// programFlags are those for programs.
func (o *engineOptions) programFlags(f *flag.FlagSet) {
	f.Func("mmu", "how the guest reaches memory: `window` or soft, through a TLB as in a whole machine, which is slower", func(s string) (err error) {
		o.mmu, err = emu.ParseMMU(s)
		return err
	})
	f.Func("window", "how many bytes of addresses the guest reaches without a TLB, as `4t`, "+emu.WindowRange+" if the host has room; more is taken when a program needs it", func(s string) (err error) {
		o.window, err = parseAmount(s)
		return err
	})
	f.Uint64Var(&o.seed, "sched-seed", 0, "guest threads change places by this `number`: another one gives other interleavings, the same one the same")
}

// programFlags are those for programs.
func (o *printOptions) programFlags(f *flag.FlagSet) {
	f.BoolVar(&o.strace, "strace", false, "print system calls as strace does")
}

func (o *printOptions) flags(f *flag.FlagSet) {
	f.BoolVar(&o.verbose, "v", false, "say at exit what the translator did, how often each callback fired or why not, and which system calls were refused")
	f.BoolVar(&o.json, "json", false, "print the tables of scripts, and what has been recorded, as JSON")
	f.BoolVar(&o.tsv, "tsv", false, "print the tables of scripts as values divided by tabs")
	f.StringVar(&o.dump, "d", "", "print about translation: a comma-separated list of `items`")
	f.StringVar(&o.dumpFile, "D", "", "write what -d and -strace print to a `file`")
}

// subcommand is a row of what panda does besides running a program: the first word of
// the command line is its name.
type subcommand struct {
	name, args string
	doc        string // what -help says; empty where options say it
	run        func(args []string, stdout, stderr io.Writer) (status int, err error)
	options    func() *options // which run is called with, in its place
}

// action is what the subcommand does.
func (c *subcommand) action() func(args []string, stdout, stderr io.Writer) (status int, err error) {
	if c.options == nil {
		return c.run
	}
	return func(args []string, stdout, stderr io.Writer) (int, error) {
		return runOptions(c.options(), args, stdout, stderr)
	}
}

var subcommands []subcommand

func init() { // they write the usage, which lists them
	subcommands = []subcommand{
		{name: "system", args: "[options]", options: func() *options { return &options{system: new(systemOptions)} }},
		{name: "trace", args: "-i [FILE!]FUNCTION [options] PROGRAM [ARG…]", options: func() *options { return &options{trace: new(traceOptions)} }},
		{name: "record", args: "[-o NAME] [options] PROGRAM [ARG…]", options: func() *options { return &options{record: recordOptions{on: true}} }},
		{name: "replay", args: "NAME [options]", options: func() *options { return &options{replay: new(replayOptions)} }},
		{name: "verify", args: "NAME [options]", options: func() *options { return &options{replay: &replayOptions{verify: true}} }},
		{"info", "[-json] NAME", infoDoc, func(args []string, stdout, _ io.Writer) (int, error) { return 0, info(stdout, args) }, nil},
		{"new-plugin", "[--lua] NAME", newPluginDoc, func(args []string, stdout, _ io.Writer) (int, error) { return 0, newPlugin(stdout, args) }, nil},
		{"lua-meta", "DIR", "Writes what editors need to know of the Lua module into a directory.", func(args []string, _, _ io.Writer) (int, error) { return 0, luaMeta(args) }, nil},
	}
}

// usageError is a command line that cannot be read.
type usageError struct{ error }

// run is main with its outside given: it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	do := func(args []string, stdout, stderr io.Writer) (int, error) {
		return runOptions(new(options), args, stdout, stderr)
	}
	for _, c := range subcommands {
		if len(args) > 0 && args[0] == c.name {
			if do, args = c.action(), args[1:]; c.doc != "" && len(args) > 0 && isHelp(args[0]) {
				fmt.Fprintf(stderr, "usage: panda %s %s\n\n%s\n", c.name, c.args, c.doc)
				return 0
			}
			break
		}
	}
	status, err := do(args, stdout, stderr)
	var help *plugin.HelpRequested
	switch {
	case err == nil:
		return status
	case errors.As(err, &help):
		if _, err = fmt.Fprintln(stdout, help.Text); err == nil {
			return 0
		}
	}
	fmt.Fprintf(stderr, "panda: %v\n", err)
	return exitCode(err)
}

func isHelp(arg string) bool { return slices.Contains([]string{"-h", "-help", "--help"}, arg) }

// runOptions does what options ask for.
func runOptions(o *options, args []string, stdout, stderr io.Writer) (status int, err error) {
	switch err := o.parse(args, stderr); {
	case errors.Is(err, flag.ErrHelp):
		return 0, nil
	case err != nil:
		return 0, usageError{err}
	case o.version:
		writeVersion(stdout)
		return 0, nil
	case o.listing:
		return 0, list(stdout, o.list)
	}
	status, err = runProgram(o, stdout, stderr)
	if err != nil && o.replay != nil && o.json && !errors.As(err, new(*plugin.HelpRequested)) {
		return exitCode(err), writeOutcome(stderr, o.replay.failure(err))
	}
	return status, err
}

// exitCode is the code for an error of a run that did not happen: as a shell's
// for a program that is missing or cannot run.
func exitCode(err error) int {
	var program *emu.ProgramError
	switch {
	case errors.As(err, new(usageError)):
		return exitUsage
	case errors.Is(err, exec.ErrNotFound):
		return exitMissing
	case !errors.As(err, &program):
		return exitFailed
	case errors.Is(err, fs.ErrNotExist):
		return exitMissing
	}
	return exitNotExec
}
