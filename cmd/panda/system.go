package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"panda/cmd/panda/interrupt"
	"panda/emu"
	"panda/emu/dev/backend/char"
)

// systemOptions are those of panda system, by QEMU's names.
type systemOptions struct {
	emu.System
	serial    []string
	nographic bool
}

const systemUsage = `usage: panda system [options]

Runs a whole machine, whose guest is an operating system: a PC that boots from its
disks, or an ISA PC that boots a kernel. The options are those of QEMU as far as
there are any. The guest's first serial port is the terminal, where
Ctrl-A x ends the machine and Ctrl-A h tells more. The status is 0 when the guest
switches the machine off.

`

// systemNames are the names that panda may be called by, as QEMU's programs are, with what
// that means.
var systemNames = map[string][]string{
	"panda-system-x86_64": {"system"},
	"panda-system-i386":   {"system", "-cpu", "coreduo"},
}

// usualRAM is how much memory a machine has.
const usualRAM = 128 << 20

func (o *systemOptions) flags(f *flag.FlagSet) {
	o.RAM = usualRAM
	f.Func("m", "memory of the machine, in MiB or as `2g`; 128 is usual", func(s string) (err error) {
		o.RAM, err = parseRAM(s)
		return err
	})
	machine := func(s string) error { return o.machine(s) }
	f.Func("M", "`board` of the machine: "+strings.Join(emu.Boards(), ", "), machine)
	f.Func("machine", "the same", machine)
	f.StringVar(&o.Kernel, "kernel", "", "boot the Linux in a `file`, a bzImage, without firmware")
	f.StringVar(&o.BIOS, "bios", "", "begin with the firmware in a `file`, not with the system's SeaBIOS")
	f.StringVar(&o.VGABIOS, "vgabios", "", "the firmware of the screen is in a `file`")
	for n, name := range []string{"hda", "hdb", "hdc", "hdd"} {
		f.Func(name, "a disk, whose image, raw or qcow2, is in a `file`", func(s string) error { return o.drive(n, emu.Drive{File: s, Option: name}) })
	}
	f.Func("cdrom", "a CD-ROM, whose image is in a `file`; it is drive hdc", func(s string) error { return o.drive(2, emu.Drive{File: s, CDROM: true, Option: "cdrom"}) })
	f.BoolVar(&o.Snapshot, "snapshot", false, "forget what the guest writes to its disks")
	f.Func("boot", "the `order` of what is booted from: letters of a floppy, c disk, d CD-ROM", func(s string) (err error) {
		o.Boot, err = parseBoot(s)
		return err
	})
	f.Func("debugcon", "`stdio`: print what firmware says of itself to standard error", func(s string) error {
		if s != "stdio" {
			return fmt.Errorf("%q: only stdio is known", s)
		}
		o.Debug = os.Stderr
		return nil
	})
	f.StringVar(&o.Initrd, "initrd", "", "its initial RAM disk")
	f.StringVar(&o.Append, "append", "", "its command `line`")
	f.Func("serial", "connect a serial port, the first, the second and so on: `"+strings.Join(char.Forms(), ", ")+"`", func(s string) error {
		o.serial = append(o.serial, s)
		return nil
	})
	f.BoolVar(&o.nographic, "nographic", false, "no screen: the first serial port is the terminal, unless -serial says otherwise; there is no screen yet in any case")
	f.BoolVar(&o.NoReboot, "no-reboot", false, "end where the guest would restart the machine")
	f.Func("rtc", "when the machine is switched on: `base=utc`, or base=2026-01-31T12:00:00", func(s string) (err error) {
		o.Start, err = parseRTC(s)
		return err
	})
	f.Func("icount", "`sleep=on`, or sleep=off for a guest that need not wait for the clock of the host when it sleeps", o.icount)
	for _, q := range foreign {
		refuse := func(string) error { return errors.New(q.instead) }
		if q.alone {
			f.BoolFunc(q.name, "not supported: "+q.instead, refuse)
		} else {
			f.Func(q.name, "not supported: "+q.instead, refuse)
		}
	}
}

// foreign are options of QEMU that are not there, with what to use; alone says that they have
// no value.
var foreign = []struct {
	name, instead string
	alone         bool
}{
	{"enable-kvm", "machines run by translation alone, which is what plugins look at", true},
	{"smp", "a machine has one CPU", false},
	{"monitor", "there is a prompt with -i", false},
	{"s", "there is a prompt with -i", true},
	{"S", "there is a prompt with -i, which opens before the first instruction", true},
	{"gdb", "there is a prompt with -i", false},
	{"drive", "disks are -hda to -hdd, and -cdrom", false},
	{"device", "the board has its chips: -M names one", false},
	{"fda", "there is no floppy; -hda or -cdrom boots", false},
	{"nic", "there is no network", false},
	{"net", "there is no network", false},
	{"netdev", "there is no network", false},
	{"vga", "there is one, which nobody sees; -serial and -nographic show what the guest says", false},
	{"display", "there is none: -nographic", false},
	{"vnc", "there is no screen: -nographic", false},
	{"loadvm", "the state of a machine cannot be saved or loaded", false},
	{"usb", "there is no USB", true},
	{"daemonize", "have the shell put panda into the background: panda system … -serial file:LOG &", true},
}

// drive puts a drive in a place.
func (o *systemOptions) drive(n int, d emu.Drive) error {
	if was := o.Drives[n]; was.Option != "" && was.Option != d.Option {
		return fmt.Errorf("-%s has that place already", was.Option)
	}
	o.Drives[n] = d
	return nil
}

func parseBoot(s string) (string, error) {
	s = strings.TrimPrefix(s, "order=")
	if s == "" || strings.Trim(s, "acdn") != "" {
		return "", fmt.Errorf("%q: the letters are a, c, d and n", s)
	}
	return s, nil
}

// machine takes QEMU's -M NAME,key=value; of the keys none is known.
func (o *systemOptions) machine(s string) error {
	name, rest, _ := strings.Cut(s, ",")
	if rest != "" {
		return fmt.Errorf("no property %q of a board", rest)
	}
	o.Board = name
	return nil
}

func (o *systemOptions) icount(s string) error {
	switch s {
	case "sleep=on", "sleep=off":
		o.Hurried = s == "sleep=off"
		return nil
	}
	return fmt.Errorf("%q: the count of instructions is always the guest's clock, one a nanosecond; there are sleep=on and sleep=off", s)
}

// parseRAM reads an amount of memory as QEMU does: a number alone is one of MiB.
func parseRAM(s string) (uint64, error) {
	s = strings.TrimPrefix(s, "size=")
	if n, err := strconv.ParseUint(s, 10, 43); err == nil && n > 0 && n <= math.MaxInt64>>20 {
		return n << 20, nil
	}
	n, err := parseAmount(s)
	if n == 0 && err == nil {
		err = fmt.Errorf("%q is no amount of memory", s)
	}
	return n, err
}

func parseRTC(s string) (time.Time, error) {
	base, ok := strings.CutPrefix(s, "base=")
	switch {
	case !ok:
		return time.Time{}, fmt.Errorf("%q: only base is known", s)
	case base == "utc" || base == "localtime":
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, base); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 2026-01-31T12:00:00, or 2026-01-31", base)
}

// check says what is missing, and takes what is usual.
func (o *systemOptions) check(f *flag.FlagSet) error {
	if f.NArg() > 0 {
		return fmt.Errorf("%q is too much: a machine runs no program, but a kernel with -kernel", f.Arg(0))
	}
	if o.Kernel == "" && (o.Initrd != "" || o.Append != "") {
		return errors.New("-initrd and -append are for a kernel: -kernel names one")
	}
	if o.Kernel == "" && o.Drives == [4]emu.Drive{} {
		return errors.New("there is nothing to boot: -hda or -cdrom names a disk, -kernel a kernel")
	}
	if len(o.serial) == 0 {
		o.serial = []string{"stdio"}
	}
	o.Serial = o.serial
	return nil
}

// config is the machine to run, which the terminal's Ctrl-A may end.
// A prompt takes what is typed.
func (o *systemOptions) config(prompt bool, exit func(), stderr io.Writer) *emu.System {
	s := o.System
	if s.Stdout = os.Stdout; !prompt {
		s.Stdin = os.Stdin
	}
	if s.Start.IsZero() {
		s.Start = time.Now()
	}
	s.Escaped = func(key byte) {
		switch key {
		case 'x', 'X':
			exit()
		default:
			fmt.Fprint(stderr, "\r\nCtrl-A x  end the machine\r\nCtrl-A Ctrl-A  send Ctrl-A\r\n")
		}
	}
	return &s
}

// takeSignals shows the signals that are to end something to whom decides about them, and
// kills panda by one that nobody takes. It is for a guest that takes none.
func takeSignals(take func(sig int) bool) (stop func()) {
	c := make(chan os.Signal, 4)
	signal.Notify(c, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	go func() {
		for s := range c {
			if sig := int(s.(unix.Signal)); !take(sig) {
				interrupt.Die(sig)
			}
		}
	}()
	return func() { signal.Stop(c); close(c) }
}

// run runs the machine until it ends, or a signal ends it.
func (o *systemOptions) run(m *emu.Machine, j *interrupt.Judge) (status int, done bool, err error) {
	j.Replay(m.Stop)
	status, done, err = m.Run()
	if sig := j.Ends(); sig != 0 && err == nil && !done {
		return 0, true, interrupt.Killed{Sig: sig}
	}
	return status, done, err
}
