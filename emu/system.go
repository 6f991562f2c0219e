package emu

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"panda/emu/arch"
	"panda/emu/board"
	"panda/emu/dev/backend"
	"panda/emu/dev/backend/char"
	"panda/emu/event"
	"panda/emu/guest"
)

// System is a whole machine to run.
type System struct {
	Board string // one of Boards, the one that fits when empty
	RAM   uint64 // bytes
	// Kernel and Initrd are files of a Linux that is booted without firmware, and Append its
	// command line.
	Kernel, Initrd, Append string
	// BIOS and VGABIOS are files of firmware, those of the system when empty.
	BIOS, VGABIOS string
	// Drives are the four of the IDE controller. Snapshot keeps what is written to them
	// apart, and forgets it.
	Drives   [4]Drive
	Snapshot bool
	Boot     string // the order of what is booted from: a floppy, c disk, d CD-ROM
	// Debug gets what firmware says of itself; it may be nil.
	Debug io.Writer
	// Serial is what the serial ports are connected to: see char.Forms.
	Serial []string
	// Start is the time at which the machine is switched on; now, when zero.
	Start    time.Time
	NoReboot bool
	// Hurried does not have a guest that sleeps wait for the world's clock.
	Hurried bool
	Stdin   *os.File
	Stdout  *os.File
	// Escaped takes what is typed after Ctrl-A on the terminal of a serial port, on a
	// goroutine of its own.
	Escaped func(key byte)
}

// Drive is one of a machine.
type Drive struct {
	File   string // of its medium, "" for none
	CDROM  bool
	Option string // that has named it
}

// edge is what a machine has of the world.
type edge struct {
	serial []*char.Device
	disks  []backend.Disk
	warn   func(sentence string)
}

// whole is a machine of chips before it runs.
type whole interface {
	Environment
	// Start makes it ready to run on an engine.
	Start(cfg board.Config)
	Post(in board.Input)
}

// systemOf makes the board that the Config names, and the architecture of its CPU.
func (m *Machine) systemOf(a *Architecture) (arch.Guest, error) {
	s := m.cfg.System
	if a.System == nil {
		return nil, &OptionError{"arch", fmt.Errorf("there is no machine with a CPU of %s", a.Name)}
	}
	m.cpu.Machine.Symbol = func(guest.Addr) (string, uint64, bool) { return "", 0, false }
	m.cpu.Machine.Module = func(guest.Addr) (string, guest.Addr, bool) { return "", 0, false }
	if s.Board != "" && !slices.Contains(a.Boards, s.Board) {
		return nil, &OptionError{"M", fmt.Errorf("%s has no board %q%s; there are %s", a.Name, s.Board, event.DidYouMean(s.Board, a.Boards), strings.Join(a.Boards, ", "))}
	}
	m.started = make(chan struct{})
	m.edge.warn = func(sentence string) { m.cfg.Warn("%s", sentence) }
	if err := m.connect(s); err != nil {
		return nil, err
	}
	g, w, err := a.System(s, m.cfg.CPU, m.cpu, &m.edge)
	if err != nil {
		m.disconnect()
		m.closeDisks()
		return nil, err
	}
	m.env, m.whole = w, w
	return g, nil
}

// connect opens what the serial ports are connected to.
func (m *Machine) connect(s *System) error {
	for n, spec := range s.Serial {
		port := fmt.Sprintf("serial%d", n)
		d, err := char.Open(spec, char.Options{
			Received: func(b []byte) {
				<-m.started
				m.whole.Post(board.Input{Port: port, Data: b})
			},
			Escaped: s.Escaped, Stdin: s.Stdin, Stdout: s.Stdout,
			Lost: func(err error) { m.cfg.Warn("%s: output is lost: %v", port, err) },
		})
		if err != nil {
			m.disconnect()
			return &OptionError{"serial", err}
		}
		if d.Where != "" {
			m.cfg.Warn("%s is at %s", port, d.Where)
		}
		m.edge.serial = append(m.edge.serial, d)
	}
	return nil
}

// Disconnect ends the connections of serial ports, so that the terminal is what it was.
func (m *Machine) Disconnect() { m.disconnect() }

func (m *Machine) disconnect() {
	for _, d := range m.edge.serial {
		if err := d.Close(); err != nil {
			m.cfg.Warn("serial: %v", err)
		}
	}
	m.edge.serial = nil
}

// closeDisks closes the images of disks, which writes what has not been yet.
func (m *Machine) closeDisks() {
	for _, d := range m.edge.disks {
		if err := d.Close(); err != nil {
			m.cfg.Warn("disk: %v", err)
		}
	}
	m.edge.disks = nil
}

// startSystem makes the machine ready to run.
func (m *Machine) startSystem() {
	s := m.cfg.System
	var pace board.Pace = backend.NewPaced()
	if s.Hurried {
		pace = backend.NewUnpaced()
	}
	m.whole.Start(board.Config{
		Engine: m.engine, Pace: pace, NoReboot: s.NoReboot, Note: m.cfg.Warn,
		Idle: func() {
			for _, d := range m.edge.serial {
				d.Flush()
			}
		},
	})
	close(m.started)
}

// readFile reads a file that an option names.
func readFile(option, path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	var at *fs.PathError
	if errors.As(err, &at) {
		err = fmt.Errorf("%s: %w", path, at.Err)
	}
	if err != nil {
		return nil, &OptionError{option, err}
	}
	return b, nil
}
