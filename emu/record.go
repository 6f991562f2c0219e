package emu

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/hostsys"
	"panda/emu/linux/mm"
	"panda/emu/rr"
	"panda/emu/sym"
	"panda/emu/vcpu"
)

// RecordTo says where a run is recorded.
type RecordTo struct {
	File      string
	Overwrite bool          // a file that is there
	Next      func() string // another name where there is a file, nil for none
	Panda     string        // the version, for who reads the recording
}

// RecordError says why a run cannot be recorded.
type RecordError struct{ Err error }

func (e *RecordError) Error() string { return "record: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// record puts a recorder before the door of host.
func (m *Machine) record(r *RecordTo, p *Program, host *hostsys.Host) (err error) {
	w, err := rr.Create(r.File)
	if err != nil {
		return &RecordError{err}
	}
	m.recorder, err = rr.NewRecorder(w, m.manifest(r, p, host), m.cfg.Warn)
	if err != nil {
		return err
	}
	m.recordFile = r.File
	m.recorder.At(m.now())
	host.Door = m.recorder.Door(host.Door)
	return nil
}

// Begin says that the guest is about to run, which gives the recording its name. Run calls
// it; who forbids this process to rename files calls it before.
func (m *Machine) Begin() error {
	if m.recorder == nil || m.begun {
		return nil
	}
	r := m.cfg.Record
	err := m.recorder.Keep(m.recordFile, r.Overwrite)
	for errors.Is(err, fs.ErrExist) && r.Next != nil {
		m.recordFile = r.Next()
		err = m.recorder.Keep(m.recordFile, r.Overwrite)
	}
	if err != nil {
		return &RecordError{err}
	}
	m.begun = true
	return nil
}

// discardRecording throws away the recording of what does not run.
func (m *Machine) discardRecording() error {
	if m.recorder == nil {
		return nil
	}
	return m.recorder.Discard()
}

// watchWorld is called when the program is there.
func (m *Machine) watchWorld(p *Program) {
	switch {
	case m.recorder != nil:
		m.recordSymbols()
		m.followEdits()
	case m.player != nil:
		m.repeatEdits()
	}
	if (m.recorder != nil || m.player != nil) && !m.cfg.unwatched {
		m.watchProcesses(p)
		m.watchStates()
	}
}

// now says when an input comes.
func (m *Machine) now() rr.Now {
	return rr.Now{Icount: m.cpu.Icount, Thread: func() int { return m.cpu.Machine.Thread }}
}

func (m *Machine) manifest(r *RecordTo, p *Program, host *hostsys.Host) *rr.Manifest {
	return &rr.Manifest{
		Panda: r.Panda,
		Arch:  m.cfg.Arch, CPU: m.cfg.CPU, MMU: m.cfg.MMU.String(), Accel: m.cfg.Accel, Window: m.cfg.Window,
		Layout: p.Layout.String(), SchedSeed: p.SchedSeed, Memory: p.Limits.Memory, Files: p.Limits.Files, Threads: p.Limits.Threads,
		Path: rr.Text(p.Path), Args: rr.Texts(p.Args), Env: rr.Texts(p.Env), Dir: rr.Text(p.Dir), Sysroot: rr.Text(m.sysroot(p)),
		Stdio: [3]int{p.Stdin, p.Stdout, p.Stderr}, Wake: host.Wake, Ignored: host.Ignored, Walks: host.Walks, Sandbox: p.Sandbox != nil,
	}
}

// ReplayConfig is cfg with what a recording says about the machine and its program.
func ReplayConfig(cfg Config, r *rr.Recording) (Config, error) {
	man := &r.Manifest
	if here := rr.Host(); man.Host != here {
		return cfg, fmt.Errorf("%s was recorded on %s, whose system calls are others than those of %s", r.Name, man.Host, here)
	}
	layout, err := mm.ParseKind(man.Layout)
	if err != nil {
		return cfg, fmt.Errorf("%s: its layout: %w", r.Name, err)
	}
	if err := checkManifest(man); err != nil {
		return cfg, fmt.Errorf("%s: %w", r.Name, err)
	}
	cfg.Arch, cfg.CPU, cfg.Window, cfg.Replay = man.Arch, man.CPU, man.Window, r
	cfg.Program = &Program{
		Path: string(man.Path), Args: rr.Strings(man.Args), Env: rr.Strings(man.Env), Dir: string(man.Dir), Sysroot: string(man.Sysroot),
		Stdin: man.Stdio[0], Stdout: man.Stdio[1], Stderr: man.Stdio[2], SchedSeed: man.SchedSeed, Layout: layout,
		Limits: linux.Limits{Memory: man.Memory, Files: man.Files, Threads: man.Threads},
	}
	return cfg, nil
}

// checkManifest says what of a recording no run can have been like. What is wrong otherwise
// shows when the replay diverges.
func checkManifest(man *rr.Manifest) error {
	if man.Arch != "" || man.CPU != "" {
		a, err := findArchitecture(man.Arch)
		if err == nil && man.CPU != "" {
			err = a.checkModel(man.CPU)
		}
		if err != nil {
			return fmt.Errorf("it was recorded by another panda, or is damaged: %w", errors.Unwrap(err))
		}
	}
	if err := checkWindow(man.Window); err != nil {
		return fmt.Errorf("%w: its window: %w", rr.ErrCorrupt, errors.Unwrap(err))
	}
	for _, n := range append(man.Stdio[:], man.Wake, man.Files, man.Threads) {
		if n < 0 || n > math.MaxInt32 {
			return fmt.Errorf("%w: its manifest says %d where there is a descriptor or a limit", rr.ErrCorrupt, n)
		}
	}
	for _, sig := range man.Ignored {
		if sig < 1 || sig > abi.NSIG {
			return fmt.Errorf("%w: there is no signal %d", rr.ErrCorrupt, sig)
		}
	}
	if man.Path == "" {
		return fmt.Errorf("%w: it names no program", rr.ErrCorrupt)
	}
	return nil
}

// replay puts a player in the place of the world.
func (m *Machine) replay(r *rr.Recording, host *hostsys.Host) error {
	p, err := rr.NewPlayer(r)
	if err != nil {
		return err
	}
	man := &r.Manifest
	host.Door, host.Wake, host.Silent, host.Ignored, host.Walks = p, man.Wake, true, man.Ignored, man.Walks
	p.Output(m.cfg.Output[0], m.cfg.Output[1])
	p.At(m.now(), func(icount uint64) {
		m.bus.SetTimer(m.owner(), icount, 0, m.cpu.Tap)
	})
	if m.cfg.unwatched {
		p.Blind()
	}
	m.player = p
	return nil
}

// short is told when this machine has no room for what the guest needs, so that a replay
// that diverges then can say so.
func (m *Machine) short() func(err error) {
	switch {
	case m.player != nil:
		return m.player.Short
	case m.recorder != nil:
		return m.recorder.Short
	}
	return nil
}

// recordSymbols has the symbols of files whose code is mapped recorded.
func (m *Machine) recordSymbols() {
	from, err := ability[Symbols](m, "symbols")
	if err != nil {
		return
	}
	take := func(at guest.Addr) {
		id, src, err := from.OpenSymbols(at)
		if err != nil {
			return
		}
		defer src.Close()
		if file, ok := src.(*hostfile.Source); ok {
			m.recorder.Symbols(id, file.FD)
		}
	}
	for _, r := range (*core)(m).Regions() {
		if r.Prot&guest.Exec != 0 {
			take(r.Start)
		}
	}
	m.bus.Subscribe(m.owner(), event.ModuleMapped, nil, event.ModuleFunc(func(_ *vcpu.CPU, mod *event.MappedModule) { take(mod.Start) }))
}

// Among who is called for an event, the recorder comes before who makes changes in a
// replay, and plugins after both.
const (
	beforeEdits = -2
	editsOrder  = -1
)

// firstOwner is who is called before all others.
func (m *Machine) firstOwner() *event.Owner {
	return &event.Owner{Name: "machine", Order: beforeEdits}
}

// watchProcesses has the recorder or the player told what becomes of processes.
func (m *Machine) watchProcesses(p *Program) {
	tell := func(k event.Kind, p *event.Process) {
		if m.recorder != nil {
			m.recorder.Process(k, p)
		} else {
			m.player.Process(k, p)
		}
	}
	for _, k := range []event.Kind{event.ProcessStart, event.ProcessFork, event.ProcessExit} {
		m.bus.Subscribe(m.firstOwner(), k, nil, event.ProcessFunc(func(_ *vcpu.CPU, p *event.Process) { tell(k, p) }))
	}
	tell(event.ProcessStart, &event.Process{PID: m.firstPID(), Path: p.Path})
}

func (m *Machine) firstPID() int { return (*core)(m).Threads()[0].PID }

// watchStates has the recorder or the player look at the guest's state.
func (m *Machine) watchStates() {
	from, err := ability[Summed](m, "sums of its state")
	if err != nil {
		return
	}
	var exit func()
	if m.recorder != nil {
		m.recorder.SumStates(from.Sums)
		exit = m.recorder.Exit
	} else {
		m.player.SumStates(from.Sums, m.cfg.Verify)
		exit = m.player.Exit
	}
	first := m.firstPID()
	m.bus.Subscribe(m.firstOwner(), event.ProcessExit, nil, event.ProcessFunc(func(_ *vcpu.CPU, p *event.Process) {
		if p.PID == first {
			exit()
		}
	}))
}

// symbolFiles opens those of a recording in a replay.
func (m *Machine) symbolFiles() func(id sym.FileID) (sym.Source, error) {
	if m.player == nil {
		return nil
	}
	return m.cfg.Replay.OpenSymbols
}

// replayed says where a replay has not ended as the run did.
func (m *Machine) replayed() error {
	if m.player == nil {
		return nil
	}
	return m.player.Ended(m.status, m.Killed())
}

// left says that a replay has come to where the run was left.
func (m *Machine) left() error {
	if m.player == nil {
		return nil
	}
	return m.player.Left()
}

// noteReplay remembers why a replay cannot go on: who drives it may go on nevertheless.
func (m *Machine) noteReplay(err error) {
	if errors.As(err, new(*rr.Divergence)) || errors.As(err, new(*rr.OverError)) {
		m.replayErr = cmp.Or(m.replayErr, err)
	}
}

// finish ends the recording, or the replay: what closes the guest is nobody's input.
func (m *Machine) finish() {
	if m.player != nil {
		m.player.Leave()
	}
	if m.recorder == nil {
		return
	}
	if m.cpu.Icount() == 0 && !m.done { // something has kept the guest from beginning
		if err := m.discardRecording(); err != nil {
			m.cfg.Warn("record: %v", err)
		}
		return
	}
	err := m.recorder.Close(rr.Summary{Instructions: m.cpu.Icount(), Status: m.status, Signal: m.Killed(), Ended: m.done})
	m.recorded = &Recorded{
		File: m.recorder.Name(), Was: m.recordFile, Instructions: m.cpu.Icount(), Inputs: m.recorder.Inputs(), Size: m.recorder.Size(),
		Lost: err, Spoilt: m.recorder.Spoilt(), Shared: m.recorder.Shared(),
	}
}

// Recorded says what has been recorded.
type Recorded struct {
	File, Was            string // its name now, and the one that it got
	Instructions, Inputs uint64
	Size                 int64    // bytes
	Lost                 error    // why it is only the beginning of the run, nil if it is all
	Shared               []string // files that others may have written to where the guest sees it
	Spoilt               error    // why the file is gone or damaged, nil if it is as it was written
}

// Replayed says what has been replayed.
type Replayed struct {
	File                         string
	Instructions, Inputs, States uint64 // States: how often its state was compared
	Ended                        bool   // the guest has
	Err                          error  // *rr.Divergence or *rr.OverError: why it could not go on
}

// Replayed is what has been replayed until now.
func (m *Machine) Replayed() Replayed {
	return Replayed{m.cfg.Replay.Name, m.cpu.Icount(), m.player.Inputs(), m.player.States(), m.done, m.replayErr}
}

// ReplayProgress is the count of instructions at the last input. It may be called from
// any goroutine.
func (m *Machine) ReplayProgress() uint64 { return m.player.Progress() }

// Recorded is what has been recorded once the guest has ended.
func (m *Machine) Recorded() (Recorded, bool) {
	if m.recorded == nil {
		return Recorded{}, false
	}
	return *m.recorded, true
}
