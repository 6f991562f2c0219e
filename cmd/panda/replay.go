package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"panda/emu"
	"panda/emu/rr"
)

// replayOptions are those of panda replay.
type replayOptions struct {
	name  string
	quiet bool
}

const replayUsage = `usage: panda replay NAME [options]

Runs a recorded program again, instruction by instruction as it ran, under other
plugins, on this machine. Its output appears again; nothing else is touched.

`

func (o *replayOptions) flags(f *flag.FlagSet) {
	f.BoolVar(&o.quiet, "quiet", false, "leave out what the program writes, and the progress")
}

// settled are the options that a recording has settled, and what it says.
var settled = map[string]string{
	"E": "the environment is the recorded one", "env": "the environment is the recorded one", "L": "no file of the program is looked for",
	"0": "the arguments are the recorded ones", "layout": "the program lies where it lay", "arch": "it is that of the recording",
	"cpu": "it is that of the recording", "window": "it is that of the recording", "sched-seed": "threads change places where they did",
	"limit": "limits are those of the recording", "allow": "a replay reads no file of the program's", "sandbox-export": "a replay changes no file",
}

// parse reads what is left of a command line after the first options: the recording and
// other options.
func (o *replayOptions) parse(f *flag.FlagSet) error {
	if f.NArg() == 0 {
		return errors.New("no recording to replay; panda replay -help shows the options")
	}
	o.name = f.Arg(0)
	if err := f.Parse(f.Args()[1:]); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("replay has one recording: %q is too much; the program and its arguments are the recorded ones", f.Arg(0))
	}
	var refused error
	f.Visit(func(g *flag.Flag) {
		if why, ok := settled[g.Name]; ok && refused == nil {
			refused = fmt.Errorf("-%s cannot be had in a replay: %s", g.Name, why)
		}
	})
	return refused
}

// open opens the recording, by its name or without the end of it.
func (o *replayOptions) open(stderr io.Writer) (*rr.Recording, error) {
	r, err := openRecording(o.name)
	if err == nil && r.Summary == nil {
		fmt.Fprintf(stderr, "panda: %s: its end is missing, since its recorder was killed or had no room, or it was cut off; what is there is replayed\n", r.Name)
	}
	return r, err
}

// openRecording opens NAME.rr, or NAME where there is none.
func openRecording(name string) (*rr.Recording, error) {
	if r, err := rr.Open(withSuffix(name)); !errors.Is(err, os.ErrNotExist) {
		return r, err
	}
	return rr.Open(name)
}

// config fills in what the recording says.
func (o *replayOptions) config(cfg emu.Config, r *rr.Recording, stdout, stderr io.Writer) (emu.Config, error) {
	cfg, err := emu.ReplayConfig(cfg, r)
	if !o.quiet {
		cfg.Output = [2]io.Writer{stdout, stderr}
	}
	return cfg, err
}
