// Package plugin loads plugins and gives them their Host: the callbacks as
// typed methods, arguments, exports of other plugins, and the machine's
// switches. Native plugins register here by name; scripts come through a
// Loader. It knows events and the vCPU as a view, nothing of engines.
package plugin

import (
	"errors"
	"fmt"
	"slices"
	"sort"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Plugin is an analysis. An error of Init unloads it; Close is called once
// when it is unloaded or the machine ends.
type Plugin interface {
	Init(h *Host) error
	Close() error
}

// Info describes a registered plugin in listings.
type Info struct {
	Name string
	Doc  string
	New  func() Plugin
}

var registry = map[string]Info{}

// Register makes a native plugin known under its name. It is called from init
// functions; a second registration of a name is a bug.
func Register(name, doc string, new func() Plugin) {
	if _, dup := registry[name]; dup {
		panic("BUG: plugin " + name + " registered twice")
	}
	registry[name] = Info{name, doc, new}
}

// Registered lists the native plugins by name.
func Registered() []Info {
	var is []Info
	for _, i := range registry { // sorted below
		is = append(is, i)
	}
	sort.Slice(is, func(a, b int) bool { return is[a].Name < is[b].Name })
	return is
}

// Core is what plugins may ask of the machine.
type Core interface {
	CPU() *vcpu.CPU
	// FlushTB drops all translations as soon as the current block is done.
	FlushTB()
	// SetChaining lets blocks run on without returning to the run loop.
	SetChaining(on bool)
	// SetMemCallbacks switches the memory callbacks that are registered.
	SetMemCallbacks(on bool)
	// SetPrecisePC is the manual's switch. Its promise, that callbacks see the
	// exact pc, holds here whatever it says; Switches tells what it says.
	SetPrecisePC(on bool)
	// Stop ends the run loop after the current block.
	Stop()
	// Exit ends the guest with a status.
	Exit(status int)
	// Lookup finds the address of a symbol: "main", "libc.so.6!malloc".
	Lookup(symbol string) (guest.Addr, bool)
	// Regions lists the guest's mappings.
	Regions() []Region
}

// System is what plugins may ask of a guest that has threads and symbols.
type System interface {
	// Threads lists the threads that are alive.
	Threads() []Thread
	// Symbols lists the names that begin with a prefix, or "FILE!PREFIX".
	Symbols(prefix string) []string
	// Call runs a guest function; see Host.Call.
	Call(fn guest.Addr, args []uint64, limit uint64) (uint64, error)
	// Switches are the switches of Core as they stand.
	Switches() Switches
	// Recording is what the run is recorded to, Replay what it repeats; nil if there is
	// none.
	Recording() *Recording
	Replay() *Recording
}

// Recording is a recording that is being made or replayed.
type Recording struct {
	File         string
	Inputs       uint64 // recorded or taken until now
	Instructions uint64 // until now; in a replay those of all the run, 0 if its recorder was killed
	Bytes        int64  // of the file until now
}

// Switches are what SetChaining, SetMemCallbacks and SetPrecisePC last said.
type Switches struct{ Chaining, MemCallbacks, PrecisePC bool }

// Thread is a guest thread as it is between two instructions.
type Thread struct {
	TID, PID int
	Comm     string
	PC       guest.Addr
	State    string // running, ready, waiting, stopped
	Call     string // name of the system call that it waits in
}

// Region is a mapping of the guest.
type Region struct {
	Start, End guest.Addr
	Prot       guest.Access
	File       string
	Offset     uint64
}

// Loaded is one plugin that runs.
type Loaded struct {
	Name    string
	Path    string // of a script
	Host    *Host
	Plugin  Plugin
	exports map[string]any
	events  map[string]*Event
	needs   []*Loaded // plugins that it cannot be without
	gone    bool
}

// Loader opens plugins that are files, such as scripts.
type Loader interface {
	// Ext is the file ending that it takes, with the dot.
	Ext() string
	// Open makes a plugin from source text.
	Open(path string, src []byte) (Plugin, error)
}

// loaders are those that came with the binary.
var loaders []Loader

// RegisterLoader makes plugins of a kind of file known to every Manager. It is
// called from init functions.
func RegisterLoader(l Loader) { loaders = append(loaders, l) }

// Manager keeps the loaded plugins of one machine.
type Manager struct {
	Bus     *event.Bus
	Core    Core
	System  System // nil where there is none
	Loaders []Loader
	Files   Finder
	// Log takes a line for the user.
	Log func(format string, a ...any)

	loaded []*Loaded
	args   map[string][]Arg
	order  int
	calls  int // guest functions that plugins run, within one another
}

// List is the loaded plugins in load order.
func (m *Manager) List() []*Loaded { return slices.Clone(m.loaded) }

// Get finds a loaded plugin.
func (m *Manager) Get(name string) *Loaded {
	i := slices.IndexFunc(m.loaded, func(l *Loaded) bool { return l.Name == name })
	if i < 0 {
		return nil
	}
	return m.loaded[i]
}

// Start initialises a plugin under a name. The caller gives arguments that
// come before those of AddArg.
func (m *Manager) Start(name, path string, p Plugin, args []Arg) (*Loaded, error) {
	if l := m.Get(name); l != nil {
		return nil, fmt.Errorf("plugin %s is loaded already%s", name, l.origin())
	}
	m.order++
	l := &Loaded{Name: name, Path: path, Plugin: p, exports: map[string]any{}, events: map[string]*Event{}}
	l.Host = &Host{
		m: m, loaded: l,
		owner: &event.Owner{Name: name, Order: m.order},
		args:  &Args{plugin: name, list: append(slices.Clone(args), m.args[name]...)},
	}
	m.loaded = append(m.loaded, l)
	if err := m.init(l); err != nil {
		m.remove(l)
		return nil, fmt.Errorf("plugin %s: %w", name, err)
	}
	return l, nil
}

// origin says where a plugin came from.
func (l *Loaded) origin() string {
	if l.Path == "" {
		return ""
	}
	return ", from " + l.Path
}

// init runs Init and then holds the arguments against those that it asked for.
func (m *Manager) init(l *Loaded) (err error) {
	defer contain(&err)
	if err := l.Plugin.Init(l.Host); err != nil && !l.Host.args.wantsHelp() {
		return err
	}
	if l.gone {
		return errors.New("it unloaded itself in Init")
	}
	return l.Host.args.Check()
}

// contain turns a panic of a plugin's own code into an error.
func contain(err *error) {
	if r := recover(); r != nil {
		if f, ok := r.(event.Fatal); ok {
			panic(f)
		}
		if e, ok := r.(error); ok {
			*err = e
			return
		}
		*err = fmt.Errorf("panic: %v", r)
	}
}

func (m *Manager) remove(l *Loaded) {
	l.gone = true
	m.Bus.RemoveOwner(l.Host.owner)
	if i := slices.Index(m.loaded, l); i >= 0 {
		m.loaded = slices.Delete(m.loaded, i, i+1)
	}
}

// Unload removes a plugin's callbacks and closes it, also from one of its own
// callbacks, which then is the last. It refuses while another plugin needs it.
func (m *Manager) Unload(l *Loaded) (err error) {
	if l.gone {
		return fmt.Errorf("plugin %s is not loaded", l.Name)
	}
	if by := m.neededBy(l); by != nil {
		return fmt.Errorf("plugin %s is needed by %s", l.Name, by.Name)
	}
	m.remove(l)
	defer contain(&err)
	if err := l.Plugin.Close(); err != nil {
		return fmt.Errorf("plugin %s: close: %w", l.Name, err)
	}
	return nil
}

// neededBy is a loaded plugin that needs l, nil if there is none.
func (m *Manager) neededBy(l *Loaded) *Loaded {
	i := slices.IndexFunc(m.loaded, func(o *Loaded) bool { return slices.Contains(o.needs, l) })
	if i < 0 {
		return nil
	}
	return m.loaded[i]
}

// Close unloads all plugins, the last loaded first, and reports what failed.
func (m *Manager) Close() {
	for len(m.loaded) > 0 {
		l := m.loaded[len(m.loaded)-1]
		for by := m.neededBy(l); by != nil; by = m.neededBy(l) {
			l = by
		}
		if err := m.Unload(l); err != nil {
			m.Log("%v", err)
		}
	}
}
