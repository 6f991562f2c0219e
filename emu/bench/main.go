// Command bench compares panda with the host and with other emulators on small
// programs, the kernels, each of which asks for one thing: W0 for starting, W1 for
// integer arithmetic, up to W11 for code that runs once.
//
//	go run ./emu/bench                        native, panda, and qemu if there is one
//	go run ./emu/bench -w 'W1|W5' -n 9        some kernels, more rounds
//	go run ./emu/bench old=/tmp/panda-old     and another emulator
//	go run ./emu/bench -watch                 what subscriptions cost
//	go run ./emu/bench -record                what recording costs, and how fast replays are
//	go run ./emu/bench -benchstat now.txt     and lines for benchstat
//
// Each kernel runs under all of them in turn, round after round, so that a change
// of the machine's speed touches all alike. The table shows medians of user and
// system time, and medians of the ratios inside a round. A program that fails, or
// prints something else than the host's run, shows as an error, never as a time.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// peer is something that runs a kernel: what stands in front of its command.
type peer struct {
	name   string
	prefix []string
	alone  bool // and not the command itself
}

// options are the flags.
type options struct {
	rounds    int
	guest     string
	match     *regexp.Regexp
	scale     float64
	timeout   time.Duration
	benchstat string
	watch     bool
	record    bool
	wall      bool   // the time that passes counts, not that of the cpu
	dir       string // where programs run, "" for here
	peers     []peer // those that were named
}

func main() {
	o, err := parse(os.Args[1:])
	if err == nil {
		err = bench(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (*options, error) {
	o := new(options)
	fs := flag.NewFlagSet("bench", flag.ExitOnError)
	fs.IntVar(&o.rounds, "n", 5, "`rounds`")
	fs.StringVar(&o.guest, "guest", "x86_64", "guest: x86_64 or i386")
	fs.Float64Var(&o.scale, "scale", 1, "multiply the size of each kernel's work")
	fs.DurationVar(&o.timeout, "timeout", 2*time.Minute, "limit for one run")
	fs.StringVar(&o.benchstat, "benchstat", "", "write lines for benchstat to a `file`")
	fs.BoolVar(&o.watch, "watch", false, "compare what it costs to watch, with qemu's plugins if there are any")
	fs.BoolVar(&o.record, "record", false, "compare runs that are recorded, and their replays, with others")
	match := fs.String("w", "", "only kernels whose name matches a `regexp`")
	fs.Parse(args)
	if o.rounds < 1 {
		return nil, fmt.Errorf("-n %d: there must be a round", o.rounds)
	}
	var err error
	if o.match, err = regexp.Compile(*match); err != nil {
		return nil, err
	}
	for _, a := range fs.Args() {
		name, command, ok := strings.Cut(a, "=")
		if !ok || strings.Fields(command) == nil {
			return nil, fmt.Errorf("%s is not NAME=COMMAND", a)
		}
		o.peers = append(o.peers, peer{name: name, prefix: strings.Fields(command)})
	}
	return o, nil
}

// bench builds what is needed and prints the table.
func bench(o *options) error {
	dir, err := os.MkdirTemp("", "panda-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.watch {
		return benchWatch(o, dir)
	}
	if o.record {
		return benchRecorded(o, dir)
	}
	peers, err := build(o, dir)
	if err != nil {
		return err
	}
	t := newTable(os.Stdout, o, peers)
	for _, w := range works {
		if o.match.MatchString(w.name) {
			t.row(w, measure(o, dir, w, peers))
		}
	}
	return t.finish()
}
