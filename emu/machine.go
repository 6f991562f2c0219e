// Package emu wires the rooms to a machine: a guest program or system, an
// engine, events and plugins. It holds no idea of its own; emu/README.md shows
// the way of the data.
package emu

import (
	"cmp"
	"errors"
	"fmt"
	"sync"

	"panda/emu/arch"
	"panda/emu/event"
	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/linux"
	"panda/emu/linux/hostsys"
	"panda/emu/linux/sandbox"
	"panda/emu/load"
	"panda/emu/plugin"
	"panda/emu/rr"
	"panda/emu/vcpu"
)

// Machine is a guest with its plugins. It belongs to one goroutine, except for
// Stop and Do.
type Machine struct {
	cfg      Config
	guest    arch.Guest
	kernel   *linux.Guest // what the personality knows of the architecture
	cpu      *vcpu.CPU
	bus      *event.Bus
	engine   *exec.Engine
	env      Environment
	whole    whole // the same, of a whole machine; else nil
	edge     edge
	started  chan struct{} // closed when a whole machine takes what comes in
	host     *hostsys.Host
	box      *sandbox.Sandbox
	plugins  *plugin.Manager
	recorder *rr.Recorder // nil where nothing is recorded
	player   *rr.Player   // nil but in a replay
	recorded *Recorded
	missing  map[string]bool
	failed   error // of a callback, with Strict
	precise  bool  // what the switch of that name was set to
	ended    bool  // plugins have been told
	stays    bool  // somebody wants to see the signal that a replay holds
	done     bool  // the guest has ended
	status   int   // with this

	recordFile string // the recorder's
	begun      bool   // it has that name
	replayErr  error  // why the replay could not go on

	mu   sync.Mutex
	todo []func()
}

// New makes a machine, of the first architecture that has the program where Config
// names none. Plugins are loaded by the caller, through Plugins, before Start.
func New(cfg Config) (*Machine, error) {
	if cfg.Arch != "" {
		return newMachine(cfg)
	}
	var first error
	for _, cfg.Arch = range Architectures() {
		m, err := newMachine(cfg)
		if !errors.Is(err, load.ErrForeign) {
			return m, err
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

func newMachine(cfg Config) (*Machine, error) {
	if cfg.Warn == nil {
		cfg.Warn = func(string, ...any) {}
	}
	if err := checkWindow(cfg.Window); err != nil {
		return nil, err
	}
	m := &Machine{cfg: cfg, bus: event.NewBus(), missing: map[string]bool{}}
	m.cpu = &vcpu.CPU{Machine: new(vcpu.Machine)}
	if err := m.chooseArchitecture(); err != nil {
		return nil, err
	}
	backend, note, err := NewBackend(cfg.Accel, m.cpu.Machine.Arch)
	if err != nil {
		return nil, err
	}
	if note != "" && cfg.Log != nil {
		cfg.Log.Info(note)
	}
	if err := m.export(backend); err != nil {
		return nil, err
	}
	if cfg.Lockstep {
		backend = m.pair(backend)
	}
	m.engine = exec.New(m.guest, backend, m.bus, m.cpu)
	m.engine.OnUndefined = m.undefined
	m.engine.OnTranslate = cfg.Dump.hook(m, backend)
	m.cpu.Machine.Hypercall = m.hypercall
	m.bus.Report = m.callbackFailed
	followResolvers(m)
	m.plugins = &plugin.Manager{Bus: m.bus, Core: (*core)(m), System: (*core)(m), Loaders: cfg.Loaders, Files: cfg.Files, Log: cfg.Warn}
	if cfg.System != nil {
		m.startSystem()
		return m, nil
	}
	if cfg.Program == nil {
		return nil, errors.New("there is no program to run")
	}
	if err := contained(func() error { return m.load(cfg.Program) }); err != nil {
		err = errors.Join(err, m.discardRecording())
		m.free()
		if errors.As(err, new(*RecordError)) || cfg.Replay != nil { // whose program could be loaded once
			return nil, err
		}
		return nil, &ProgramError{err}
	}
	return m, nil
}

// contained calls f, in which the emulator may give up by a panic.
func contained(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			var own event.Fatal // *exec.Bug, *lockstep.Report or one of rr
			if e, ok := r.(error); !ok || !errors.As(e, &own) {
				panic(r)
			}
			err = r.(error)
		}
	}()
	return f()
}

// ProgramError says that the program cannot be loaded. It is fs.ErrNotExist for
// a missing program or interpreter, fs.ErrPermission or load.ErrNotELF or
// load.ErrForeign for one that cannot run.
type ProgramError struct{ Err error }

func (e *ProgramError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *ProgramError) Unwrap() error { return e.Err }

// load makes the Linux personality with the program.
func (m *Machine) load(p *Program) error {
	host, err := hostsys.Real(true)
	if err != nil {
		return err
	}
	m.host = host
	symbols, err := m.reach(p, host)
	if err != nil {
		return err
	}
	m.env, err = linux.New(linux.Config{
		Command: linux.Command{
			Path: p.Path, Args: p.Args, Env: p.Env, Dir: p.Dir, Sysroot: m.sysroot(p),
			Stdin: p.Stdin, Stdout: p.Stdout, Stderr: p.Stderr,
		},
		Memory: linux.Memory{Soft: m.cfg.MMU == Soft, Window: m.cfg.Window, Layout: p.Layout, Audit: m.cfg.Audit, Short: m.short()},
		Died:   m.died(p, symbols),
		Limits: p.Limits, Guest: m.kernel, Host: host, Symbols: symbols, OpenSymbols: m.symbolFiles(), Budget: m.budget(),
		Bus: m.bus, Log: m.cfg.Log, Warn: m.cfg.Warn, Strace: m.cfg.Strace, Seed: p.SchedSeed, OnSwitch: m.cfg.Dump.onSwitch(),
	}, m.cpu, m.engine)
	if err == nil {
		m.watchWorld(p)
	}
	return err
}

// reach puts before the host what is to be there: a sandbox, a recorder. symbols reaches
// it as well, and is nobody's input.
func (m *Machine) reach(p *Program, host *hostsys.Host) (symbols *hostsys.Host, err error) {
	if m.cfg.Replay != nil {
		return nil, m.replay(m.cfg.Replay, host)
	}
	if err := m.enclose(p, host); err != nil {
		return nil, err
	}
	symbols = &hostsys.Host{Door: host.Door}
	if m.cfg.Record != nil {
		err = m.record(m.cfg.Record, p, host)
	}
	if p.World != nil {
		host.Door = p.World(host.Door)
	}
	return symbols, err
}

// died is where the line goes that says how a fault killed the program.
func (m *Machine) died(p *Program, host *hostsys.Host) func(line string) {
	if m.player != nil {
		return m.player.Died
	}
	return func(line string) { host.Write(p.Stderr, []byte(line)) }
}

// CPU is the virtual CPU.
func (m *Machine) CPU() *vcpu.CPU { return m.cpu }

// Bus is where events are fired.
func (m *Machine) Bus() *event.Bus { return m.bus }

// Plugins manages the plugins.
func (m *Machine) Plugins() *plugin.Manager { return m.plugins }

// Run runs the guest until it ends (done) or somebody stops it. status is the
// guest's: its exit code, or 128 + the signal that killed it.
func (m *Machine) Run() (status int, done bool, err error) {
	err = contained(func() error {
		status, done, err = m.run()
		return err
	})
	m.noteReplay(err)
	return status, done, err
}

func (m *Machine) run() (status int, done bool, err error) {
	if err := m.Begin(); err != nil {
		return 0, false, err
	}
	for {
		m.doTodo()
		status, ended, err := m.env.Run()
		m.done, m.status = ended, status
		if err == nil && m.failed != nil {
			return 1, true, m.failed
		}
		if err != nil || ended {
			return status, true, cmp.Or(err, m.replayed())
		}
		if m.repeatHeld() {
			continue
		}
		tapped := m.cpu.Tapped()
		if m.doTodo(); !tapped {
			return 0, false, nil
		}
		if err := m.left(); err != nil {
			return 1, true, err
		}
	}
}

// Step runs n guest instructions of whichever threads have their turn.
func (m *Machine) Step(n int64) (status int, done bool, err error) {
	m.engine.SetLimit(n)
	defer m.engine.SetLimit(-1)
	return m.Run()
}

// Stop makes Run return. It may be called from any goroutine.
func (m *Machine) Stop() { m.env.Stop() }

// Exit ends the guest with a status. It is for the machine's goroutine: see Do.
func (m *Machine) Exit(status int) { (*core)(m).Exit(status) }

// Divert shows each signal that the emulator is sent to take, before the guest gets
// it: one that it takes does not reach the guest. It is called on a goroutine of its
// own.
func (m *Machine) Divert(take func(sig int) bool) error {
	s, err := ability[Signals](m, "signals")
	if err == nil {
		s.Divert(take)
	}
	return err
}

// OnDelivery makes judge decide on each signal that a guest thread is about to take.
// Where it says linux.Hold, Run returns before.
func (m *Machine) OnDelivery(judge func(linux.Delivery) linux.Verdict) error {
	s, err := ability[Signals](m, "signals")
	if err == nil {
		s.OnDelivery(m.judging(judge))
	}
	return err
}

// Held is the signal that the current thread takes when the guest goes on.
func (m *Machine) Held() (d linux.Delivery, ok bool) {
	if s, err := ability[Signals](m, "signals"); err == nil {
		return s.Held()
	}
	return d, false
}

// SetHeld makes the current thread take another signal then; 0 for none.
func (m *Machine) SetHeld(sig int) error {
	s, err := ability[Signals](m, "signals")
	if err != nil {
		return err
	}
	d, _ := s.Held()
	switch {
	case m.recorder == nil && m.player == nil:
		return s.SetHeld(sig)
	case d.Signo == sig: // nothing changes
		return nil
	case m.player != nil:
		return errors.New("a replay takes the signals that were recorded, where they came: none can be added, dropped or exchanged")
	}
	return errors.New("a run that is recorded takes the signals that come to it: none can be added, dropped or exchanged at a stop")
}

// Do runs f on the machine's goroutine between two blocks. It may be called
// from any goroutine and does not wait.
func (m *Machine) Do(f func()) {
	m.mu.Lock()
	m.todo = append(m.todo, f)
	m.mu.Unlock()
	m.env.Tap()
}

// At calls f, on the machine's goroutine, when n instructions have been
// completed and before the next one begins.
func (m *Machine) At(n uint64, f func()) *event.Timer { return m.bus.SetTimer(m.owner(), n, 0, f) }

// Every calls f each time that n more instructions have been completed.
func (m *Machine) Every(n uint64, f func()) *event.Timer {
	return m.bus.SetTimer(m.owner(), m.cpu.Icount()+n, n, f)
}

// owner is who subscribes for the machine itself.
func (m *Machine) owner() *event.Owner { return &event.Owner{Name: "machine"} }

// doTodo runs what Do left.
func (m *Machine) doTodo() {
	m.mu.Lock()
	fs := m.todo
	m.todo = nil
	m.mu.Unlock()
	for _, f := range fs {
		f()
	}
}

// End tells the plugins, once, that the guest has ended.
func (m *Machine) End() {
	if m.ended {
		return
	}
	m.ended = true
	m.bus.FlushBatches()
	m.bus.Fire(event.Shutdown, new(event.Env))
	m.finish()
}

// Close is End, and unloads the plugins and frees the guest.
func (m *Machine) Close() {
	m.End()
	m.plugins.Close()
	m.env.Close()
	m.disconnect()
	m.closeDisks()
	m.free()
}

// free gives back what the guest was made of.
func (m *Machine) free() {
	if m.box != nil {
		m.box.Close()
	}
	if m.player != nil {
		m.player.Close()
	}
	if m.host != nil {
		m.host.Release()
	}
	m.engine.Close()
}

// Killed is the signal that killed the program, 0 for none.
func (m *Machine) Killed() int {
	if s, err := ability[Signals](m, "signals"); err == nil {
		return s.Killed()
	}
	return 0
}

// Unsupported lists the system calls that the personality refused.
func (m *Machine) Unsupported() []string {
	if c, err := ability[Calls](m, "system calls"); err == nil {
		return c.Unsupported()
	}
	return nil
}

// Stats are the engine's counts.
func (m *Machine) Stats() exec.Stats { return m.engine.Stats }

// strictError ends a run in which a callback has failed. What went wrong has been
// told when it happened.
type strictError struct {
	plugin, event string
	err           error
}

func (e *strictError) Error() string {
	return fmt.Sprintf("%s: its %s callback failed, which ends the run (-strict)", e.plugin, e.event)
}

func (e *strictError) Unwrap() error { return e.err }

func (m *Machine) callbackFailed(s *event.Sub, err error) {
	m.cfg.Warn("%s: %s callback disabled: %v", s.Owner.Name, s.What(), err)
	if m.cfg.Strict {
		m.failed = cmp.Or(m.failed, error(&strictError{s.Owner.Name, s.What(), err}))
		m.Stop()
	}
}

// undefined tells about an instruction that exists and that the guest cannot have.
func (m *Machine) undefined(pc guest.Addr, code []byte, mode uint64) {
	why, text := m.guest.Untranslated(code, uint64(pc), mode)
	if text == "" || m.missing[text] {
		return
	}
	m.missing[text] = true
	m.cfg.Warn("%s %s at %#x (%x): the guest gets an exception", why, text, uint64(pc), code)
}

// hypercall offers an instruction to plugins.
func (m *Machine) hypercall(c *vcpu.CPU) (then func(), taken bool) {
	if !m.bus.Watched(event.GuestHypercall) {
		return func() {}, false
	}
	then = c.Callbacks(func() { taken = m.bus.Fire(event.GuestHypercall, &event.Env{CPU: c, PC: c.PC()}) })
	return then, taken
}
