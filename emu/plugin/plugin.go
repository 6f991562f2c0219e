// Package plugin loads plugins and gives them their Host: the callbacks as
// typed methods, arguments, exports of other plugins, and the machine's
// switches. Native plugins register here by name; scripts come through a
// Loader. It knows events and the vCPU as a view, nothing of engines.
package plugin

import (
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
	for _, i := range registry {
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
	// SetPrecisePC keeps the pc word up to date after every instruction.
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
}

// Loader opens plugins that are files, such as scripts.
type Loader interface {
	// Ext is the file ending that it takes, with the dot.
	Ext() string
	// Open makes a plugin from source text.
	Open(path string, src []byte) (Plugin, error)
}

// Manager keeps the loaded plugins of one machine.
type Manager struct {
	Bus     *event.Bus
	Core    Core
	Loaders []Loader
	Files   Finder
	// Log takes a line for the user.
	Log func(format string, a ...any)

	loaded []*Loaded
	args   map[string][]Arg
	order  int
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
	if m.Get(name) != nil {
		return nil, fmt.Errorf("plugin %s is loaded already", name)
	}
	m.order++
	l := &Loaded{Name: name, Path: path, Plugin: p, exports: map[string]any{}}
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

// init runs Init and then holds the arguments against those that it asked for.
func (m *Manager) init(l *Loaded) (err error) {
	defer contain(&err)
	if err := l.Plugin.Init(l.Host); err != nil && !l.Host.args.wantsHelp() {
		return err
	}
	return l.Host.args.check()
}

// contain turns a panic of a plugin's own code into an error.
func contain(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panic: %v", r)
	}
}

func (m *Manager) remove(l *Loaded) {
	m.Bus.RemoveOwner(l.Host.owner)
	if i := slices.Index(m.loaded, l); i >= 0 {
		m.loaded = slices.Delete(m.loaded, i, i+1)
	}
}

// Unload closes a plugin and removes its callbacks.
func (m *Manager) Unload(l *Loaded) (err error) {
	m.remove(l)
	defer contain(&err)
	if err := l.Plugin.Close(); err != nil {
		return fmt.Errorf("plugin %s: close: %w", l.Name, err)
	}
	return nil
}

// Close unloads all plugins, the last loaded first, and reports what failed.
func (m *Manager) Close() {
	for len(m.loaded) > 0 {
		l := m.loaded[len(m.loaded)-1]
		if err := m.Unload(l); err != nil {
			m.Log("%v", err)
		}
	}
}
