package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"panda/emu/event"
)

// parse reads the command line into o. An option that does not exist is reported
// with the nearest that does.
func (o *options) parse(args []string, stderr io.Writer) error {
	f := o.flags(io.Discard)
	err := f.Parse(args)
	if err != nil && err.Error() == "flag needs an argument: -l" { // it is the last of panda's options
		o.list, o.listing, err = "*", true, nil
	}
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			f.SetOutput(stderr)
			o.flags(stderr).Usage()
			return err
		}
		return o.suggest(f, err)
	}
	if o.program = f.Args(); o.version {
		return nil
	}
	if err := o.checkSubject(f); err != nil {
		return err
	}
	if o.json && o.tsv {
		return errors.New("-json and -tsv: tables are printed as one of them")
	}
	if o.trace != nil {
		if err := o.trace.check(); err != nil {
			return err
		}
		if o.untrust {
			return errors.New("trace writes and reads files of handlers: -untrusted gives scripts none")
		}
	}
	if o.deadline < 0 {
		return fmt.Errorf("-script-deadline %v: a call cannot take less than no time", o.deadline)
	}
	if err := o.sandbox.check(); err != nil {
		return err
	}
	return nil
}

// checkSubject says whether there is what is to be run: a recording, or a program.
func (o *options) checkSubject(f *flag.FlagSet) error {
	if o.system != nil && !o.listing && !o.wantsHelp() {
		return o.system.check(f)
	}
	if o.replay == nil || o.listing || o.wantsHelp() {
		return o.checkProgram()
	}
	if err := o.replay.parse(f); err != nil {
		return o.suggest(f, err)
	}
	return nil
}

// checkProgram says whether the arguments are the program that the options need. None
// runs where a plugin is asked for its arguments, so any does that can be loaded.
func (o *options) checkProgram() (err error) {
	switch {
	case o.listing && len(o.program) > 0:
		return fmt.Errorf("-l has one glob and no program: %q is too much; quote the glob, or the shell may put names of files in its place", o.program[0])
	case o.listing || len(o.program) > 0:
		return nil
	case o.wantsHelp():
		o.program = make([]string, 1)
		o.program[0], err = os.Executable()
		return err
	}
	return errors.New("no program to run; panda -help shows the options")
}

// wantsHelp reports whether a plugin is loaded as NAME:help.
func (o *scriptOptions) wantsHelp() bool {
	for _, l := range o.plugins {
		for _, s := range l.specs {
			if s.WantsHelp() {
				return true
			}
		}
	}
	return false
}

// suggest says of what the flags refuse what would do.
func (o *options) suggest(f *flag.FlagSet, err error) error {
	const unknown = "flag provided but not defined: -"
	name, ok := strings.CutPrefix(err.Error(), unknown)
	if !ok {
		return invalid(f, err)
	}
	command, text := o.command(), "no option -"+name
	if command != "" {
		text = "panda " + command + " has " + text
	}
	if other := having(name); other != "" {
		return fmt.Errorf("%s, as %s has", text, other)
	}
	var names []string
	f.VisitAll(func(g *flag.Flag) { names = append(names, g.Name) })
	return errors.New(text + event.DidYouMean(name, names))
}

// command is the subcommand that the options are of, "" for panda itself.
func (o *options) command() string {
	switch {
	case o.system != nil:
		return "system"
	case o.trace != nil:
		return "trace"
	case o.replay != nil && o.replay.verify:
		return "verify"
	case o.replay != nil:
		return "replay"
	case o.record.on:
		return "record"
	}
	return ""
}

// having is the first command that has an option, "" if none has.
func having(name string) string {
	if new(options).flags(io.Discard).Lookup(name) != nil {
		return "panda itself"
	}
	for _, c := range subcommands {
		if c.options == nil {
			continue
		}
		o := c.options()
		if o.flags(io.Discard).Lookup(name) != nil && (o.replay == nil || settled[name] == "") {
			return "panda " + c.name
		}
	}
	return ""
}

// invalidValue is how package flag begins to say that a value cannot be read.
var invalidValue = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-([\w-]+): (.*)$`)

// invalidSwitch is the same of an option without a value.
var invalidSwitch = regexp.MustCompile(`^invalid boolean flag ([\w-]+): (.*)$`)

// invalid says what the value of an option is like, where the flag knows no more than
// that this one is not.
func invalid(f *flag.FlagSet, err error) error {
	if at := invalidSwitch.FindStringSubmatch(err.Error()); at != nil {
		return fmt.Errorf("-%s: %s", at[1], at[2])
	}
	at := invalidValue.FindStringSubmatch(err.Error())
	if at == nil {
		return err
	}
	text, name, why := at[1], at[2], at[3]
	if why != "parse error" && why != "value out of range" {
		return fmt.Errorf("-%s %s: %s", name, text, why)
	}
	want := "a number"
	switch f.Lookup(name).Value.(flag.Getter).Get().(type) {
	case uint, uint64:
		want = "a number from 0 up"
	case time.Duration:
		want = `a time, as 500ms, 10s or 2m`
	case bool:
		want = "true or false"
	}
	return fmt.Errorf("-%s %s: it is to be %s", name, text, want)
}
