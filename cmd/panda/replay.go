package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"panda/cmd/panda/interrupt"
	"panda/emu"
	"panda/emu/linux/abi"
	"panda/emu/rr"
)

// replayOptions are those of panda replay and panda verify.
type replayOptions struct {
	name   string
	quiet  bool
	verify bool
	bisect bool

	progress progress
}

const replayUsage = `usage: panda replay NAME [options]

Runs a recorded program again, instruction by instruction as it ran, under other
plugins, on this machine. Its output appears again; what it does otherwise happens
in memory alone. The status is the program's, or 1 with a sentence if the replay
cannot go on, or the recording ends before the program.

A terminal shows how far a long replay is; with -json lines of JSON on standard
error say so, and why it cannot go on (its result is cut, diverged or failed).

Options that say what the program is given, and what machine it runs on, are
refused, since the recording says it: -0, -E, -L, -allow, -arch, -cpu, -env,
-layout, -limit, -record, -sandbox-export, -sched-seed and -window.

`

const verifyUsage = `usage: panda verify NAME [options]

Replays a recording without its output and compares the state of the guest, its
memory as well, wherever it was summed up. The status is 0 if nothing differs up
to the end of what was recorded, which may come before that of the run. It is 1
if something differs, or if the replay fails or is left before, as at the prompt.

With -json the verdict is a line of JSON, whose result is right, cut (right up to
where the recording ends), left, diverged or failed; the last two come on standard
error, where lines of JSON say how far the replay is.

`

func (o *replayOptions) usage() string {
	if o.verify {
		return verifyUsage
	}
	return replayUsage
}

func (o *replayOptions) flags(f *flag.FlagSet) {
	f.String("record", "", "")
	if o.verify {
		f.BoolVar(&o.bisect, "bisect", false, "where the state is another, find the first block after which the engines differ")
		return
	}
	f.BoolVar(&o.quiet, "quiet", false, "leave out what the program writes, and the line on a terminal that says how far it is")
}

// narrow looks for the instruction that made a replay go another way.
func (o *replayOptions) narrow(cfg emu.Config, d *rr.Divergence, stderr io.Writer) error {
	fmt.Fprintf(stderr, "panda: %v\n", d)
	b := emu.Bisect{
		Config: cfg, Recording: cfg.Replay, Engines: [2]string{"jit", "interp"}, Good: d.Good, Bad: d.Icount,
		Progress: func(good, bad uint64) {
			fmt.Fprintf(stderr, "panda: the engines are compared from icount %s to %s\n", grouped(good), grouped(bad))
		},
	}
	c, err := b.Run()
	switch {
	case err != nil:
		return fmt.Errorf("verify -bisect: %w", err)
	case c == nil:
		return narrowed(d, "the engines do the same here up to icount %s: what differs is %sthis panda, or this machine, from those that recorded (%s on %s)",
			grouped(b.Bad), noted(d), cfg.Replay.Manifest.Panda, cfg.Replay.Manifest.Host)
	}
	return narrowed(d, "the engines differ from icount %s on: %v", grouped(c.From), c)
}

// narrowedError says more of a divergence.
type narrowedError struct {
	text string
	of   *rr.Divergence
}

func narrowed(d *rr.Divergence, format string, a ...any) error {
	return &narrowedError{fmt.Sprintf(format, a...), d}
}

func (e *narrowedError) Error() string { return e.text }

// Unwrap gives the divergence.
func (e *narrowedError) Unwrap() error { return e.of }

// noted is what else may be the reason of a divergence.
func noted(d *rr.Divergence) string {
	if len(d.Doubts) == 0 {
		return ""
	}
	return "what the recorder noted, or "
}

// settled are the options that a recording has settled, and what it says.
var settled = map[string]string{
	"E": "the environment is the recorded one", "env": "the environment is the recorded one", "L": "no file of the program is looked for",
	"0": "the arguments are the recorded ones", "layout": "the program lies where it lay", "arch": "it is that of the recording",
	"cpu": "it is that of the recording", "window": "it is that of the recording", "sched-seed": "threads change places where they did",
	"limit": "limits are those of the recording", "record": "the recording is there", "allow": "a replay reads no file of the program's", "sandbox-export": "a replay changes no file",
}

// replayHelp says of options what they do in a replay, where that is another thing.
var replayHelp = map[string]string{
	"sandbox": "keep plugins and scripts, once they are loaded, from the network and from files, but for those that they are loaded from and where they may write; " + loadedFreely + "; the program reaches nothing anyhow",
	"json":    "print the tables of scripts, and on standard error how far the replay is and why it cannot go on, as JSON",
}

// writeFlags describes the options that a replay has.
func (o *replayOptions) writeFlags(f *flag.FlagSet, out io.Writer) {
	has := flag.NewFlagSet(f.Name(), flag.ContinueOnError)
	has.SetOutput(out)
	f.VisitAll(func(g *flag.Flag) {
		if settled[g.Name] == "" {
			has.Var(g.Value, g.Name, cmp.Or(replayHelp[g.Name], g.Usage))
		}
	})
	has.PrintDefaults()
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
	switch {
	case err != nil:
	case r.Summary == nil:
		fmt.Fprintf(stderr, "panda: %s: its end is missing; what is there is replayed. If it is still being written, replay it again later, else record again\n", r.Name)
	case r.Added > 0:
		fmt.Fprintf(stderr, "panda: %s: the %d bytes after its end are left out\n", r.Name, r.Added)
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

// verdict says what a replay that was to verify a recording has found. Its status is not
// the guest's.
func (o *replayOptions) verdict(m *emu.Machine, cfg emu.Config, err error, json bool, out, stderr io.Writer) (status int, _ error) {
	r := m.Replayed()
	err = cmp.Or(err, r.Err)
	var d *rr.Divergence
	switch {
	case errors.As(err, &d) && o.bisect:
		return 0, o.narrow(cfg, d, stderr)
	case d != nil:
		return 0, hinted(err, d, r.File)
	case err != nil && !whole(err):
		return 0, err
	}
	return verdictOf(r, err, json, out)
}

// hinted says of a divergence what may be done about it.
func hinted(err error, d *rr.Divergence, name string) error {
	if len(d.Doubts) > 0 || d.Short != nil {
		return fmt.Errorf("%w\nThat may be why. If it is not, panda verify -bisect %s says whether the engines differ here", err, name)
	}
	return fmt.Errorf("%w\npanda verify -bisect %s says which instruction it is, if the engines differ here", err, name)
}

// verdictOf says of a replay in which nothing differed how far it has come. The error is
// why there is no more of the recording.
func verdictOf(r emu.Replayed, err error, json bool, out io.Writer) (status int, _ error) {
	v := replayOutcome(isRight, r)
	text := fmt.Sprintf("%s instructions, %s inputs, the state %s times", grouped(r.Instructions), grouped(r.Inputs), grouped(r.States))
	var over *rr.OverError
	switch {
	case errors.As(err, &over):
		v.Result, v.Why = isCut, over.Why.Error()
		text = fmt.Sprintf("%s is right as far as it goes: %s. It has no more at icount %s: %s", r.File, text, grouped(over.Icount), v.Why)
	case !r.Ended:
		status, v.Result = exitFailed, isLeft
		text = fmt.Sprintf("%s is not verified: the replay was left at icount %s. Up to there nothing differed: %s", r.File, grouped(r.Instructions), text)
	default:
		text = fmt.Sprintf("%s is right: %s", r.File, text)
	}
	if json {
		return status, writeOutcome(out, v)
	}
	_, err = fmt.Fprintln(out, text)
	return status, err
}

// config fills in what the recording says.
func (o *replayOptions) config(cfg emu.Config, r *rr.Recording, json bool, stdout, stderr io.Writer) (emu.Config, error) {
	cfg, err := emu.ReplayConfig(cfg, r)
	cfg.Verify = o.verify
	p := &o.progress
	if p.out, p.json = stderr, json; r.Summary != nil && r.Summary.Lost == "" {
		p.total = r.Summary.Instructions
	}
	if !o.quiet && !o.verify {
		cfg.Output = [2]io.Writer{p.before(stdout), p.before(stderr)}
	}
	return cfg, err
}

// stopped tells of a signal that has ended a replay.
func (o *replayOptions) stopped(m *emu.Machine, sig int, json bool, stderr io.Writer) {
	if json {
		s := replayOutcome(isLeft, m.Replayed())
		s.Why = abi.SignalName(sig)
		writeOutcome(stderr, s)
		return
	}
	fmt.Fprintf(stderr, "panda: the replay was stopped at icount %s by %s\n", grouped(m.CPU().Icount()), abi.SignalName(sig))
}

// run runs the machine and tells how far it is. Ctrl-C stops it.
func (o *replayOptions) run(m *emu.Machine, j *interrupt.Judge, json bool, stderr io.Writer) (status int, done bool, err error) {
	j.Replay(m.Stop)
	if o.wanted(json, stderr) {
		o.progress.now = m.ReplayProgress
		stop := o.progress.start()
		status, done, err = m.Run()
		stop()
	} else {
		status, done, err = m.Run()
	}
	if sig := j.Ends(); sig != 0 && err == nil && !done {
		o.stopped(m, sig, json, stderr)
		return 0, true, interrupt.Killed{Sig: sig}
	}
	return status, done, err
}
