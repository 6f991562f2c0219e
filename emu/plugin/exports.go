package plugin

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"panda/emu/event"
)

// Export offers a Go value to other plugins. Numbers, texts and truth values, and
// pointers to uint64, are what Lua sees too; a func([]any) ([]any, error) is a
// function that it can call.
func (h *Host) Export(name string, v any) { h.loaded.exports[name] = v }

// Lookup returns what the plugin exports under a name, nil if nothing.
func (l *Loaded) Lookup(name string) any { return l.exports[name] }

// Exports lists the names of what the plugin exports.
func (l *Loaded) Exports() []string { return slices.Sorted(maps.Keys(l.exports)) }

// Func is an export that Go and Lua can call.
type Func = func(args []any) ([]any, error)

// Event is something that a plugin tells whoever listens.
type Event struct {
	Name, Doc string
	// Params names the values that listeners get: numbers, texts, truth values,
	// guest addresses.
	Params    []string
	host      *Host
	listeners []*listener
}

type listener struct {
	sub *event.Sub
	fn  func(args []any)
}

// Event declares an event of the plugin.
func (h *Host) Event(name, doc string, params ...string) *Event {
	if h.loaded.events[name] != nil {
		panic(fmt.Errorf("event %s is declared twice", name))
	}
	e := &Event{Name: name, Doc: doc, Params: params, host: h}
	h.loaded.events[name] = e
	return e
}

// Events lists the events that the plugin declares.
func (l *Loaded) Events() []*Event {
	var es []*Event
	for _, n := range slices.Sorted(maps.Keys(l.events)) {
		es = append(es, l.events[n])
	}
	return es
}

// Heard reports whether anybody listens, for a plugin that would have to compute
// what to tell.
func (e *Event) Heard() bool {
	return slices.ContainsFunc(e.listeners, func(l *listener) bool { return l.sub.Active() })
}

// Fire tells the listeners, in the order in which they came. A listener that
// panics is disabled and reported, and the others are told.
func (e *Event) Fire(args ...any) {
	for _, l := range slices.Clone(e.listeners) {
		if l.sub.Active() {
			e.host.m.Bus.Call(l.sub, func() { l.fn(args) })
		}
	}
}

// Listen calls fn when a plugin fires an event. The handle ends with either of
// the two plugins.
func (h *Host) Listen(plugin, name string, fn func(args []any)) (*event.Sub, error) {
	l := h.m.Get(plugin)
	if l == nil {
		return nil, fmt.Errorf("no plugin %q is loaded", plugin)
	}
	e := l.events[name]
	if e == nil {
		known := slices.Sorted(maps.Keys(l.events))
		return nil, fmt.Errorf("plugin %s has no event %q%s; it has: %s", plugin, name, event.DidYouMean(name, known), strings.Join(known, ", "))
	}
	who := &listener{fn: fn}
	who.sub = h.m.Bus.Detach(h.owner, plugin+"."+name, func() {
		e.listeners = slices.DeleteFunc(slices.Clone(e.listeners), func(o *listener) bool { return o == who })
	})
	e.listeners = append(e.listeners, who)
	return who.sub, nil
}

// Need returns a plugin that this one cannot be without, and loads it if it is
// not there. Called first in Init, it puts this plugin's callbacks after those
// of the other; the other cannot be unloaded before this one.
func (h *Host) Need(name string, args ...Arg) (*Loaded, error) {
	l := h.m.Get(name)
	if l == nil {
		var err error
		if l, err = h.m.Load(name, args); err != nil {
			return nil, fmt.Errorf("it needs another plugin: %w", err)
		}
	}
	if slices.Contains(l.needs, h.loaded) {
		return nil, fmt.Errorf("it needs plugin %s, which needs it", name)
	}
	if !slices.Contains(h.loaded.needs, l) {
		h.loaded.needs = append(h.loaded.needs, l)
	}
	if l.Host.owner.Order > h.owner.Order {
		h.m.order++
		h.owner.Order = h.m.order
		h.m.loaded = append(slices.DeleteFunc(h.m.loaded, func(o *Loaded) bool { return o == h.loaded }), h.loaded)
	}
	return l, nil
}
