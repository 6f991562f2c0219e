package plugin

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"panda/emu/event"
)

// Arg is one argument of a plugin: key=value, or a flag without value.
type Arg struct {
	Key, Value string
	Flag       bool
}

// Spec is a plugin to load, as -panda names it.
type Spec struct {
	Name string
	Args []Arg
}

// WantsHelp reports whether the plugin is only asked for its arguments.
func (s *Spec) WantsHelp() bool { return wantsHelp(s.Args) }

func wantsHelp(args []Arg) bool {
	return slices.ContainsFunc(args, func(g Arg) bool { return g.Key == "help" && g.Flag })
}

// ParseSpecs reads "a;b;c:k=v,flag". A value may be quoted with ' or ", where
// it may hold ; , : and =.
func ParseSpecs(s string) ([]Spec, error) {
	parts, err := splitQuoted(s, ';')
	if err != nil {
		return nil, fmt.Errorf("-panda %q: %w", s, err)
	}
	var specs []Spec
	for _, p := range parts {
		if strings.TrimSpace(p) == "" {
			continue
		}
		name, rest, _ := strings.Cut(strings.TrimSpace(p), ":")
		args, err := parseArgs(rest)
		if err != nil {
			return nil, fmt.Errorf("-panda %q: %w", s, err)
		}
		specs = append(specs, Spec{name, args})
	}
	return specs, nil
}

func parseArgs(s string) ([]Arg, error) {
	if s == "" {
		return nil, nil
	}
	parts, err := splitQuoted(s, ',')
	if err != nil {
		return nil, err
	}
	var as []Arg
	for _, p := range parts {
		a, err := ParseArg(p)
		if err != nil {
			return nil, err
		}
		as = append(as, a)
	}
	return as, nil
}

// ParseArg reads "key=value" or "flag".
func ParseArg(s string) (Arg, error) {
	k, v, ok := strings.Cut(s, "=")
	if k = strings.TrimSpace(k); k == "" {
		return Arg{}, fmt.Errorf("argument %q has no name", s)
	}
	return Arg{k, unquote(v), !ok}, nil
}

func unquote(v string) string {
	if len(v) >= 2 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
		return v[1 : len(v)-1]
	}
	return v
}

// splitQuoted splits at sep outside of quotes.
func splitQuoted(s string, sep byte) ([]string, error) {
	var parts []string
	var quote byte
	start := 0
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == sep:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	}
	return append(parts, s[start:]), nil
}

// AddArg adds an argument for a plugin by -panda-arg name:key=value.
func (m *Manager) AddArg(s string) error {
	name, rest, ok := strings.Cut(s, ":")
	if !ok || name == "" {
		return fmt.Errorf("-panda-arg %q is not of the form name:key=value", s)
	}
	a, err := ParseArg(rest)
	if err != nil {
		return fmt.Errorf("-panda-arg %q: %w", s, err)
	}
	if m.args == nil {
		m.args = map[string][]Arg{}
	}
	m.args[name] = append(m.args[name], a)
	return nil
}

// Strays are the names of AddArg of which no plugin is loaded, each with a loaded one
// that may be meant.
func (m *Manager) Strays() (texts []string) {
	var loaded []string
	for _, l := range m.loaded {
		loaded = append(loaded, l.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(m.args)) {
		if !slices.Contains(loaded, name) {
			texts = append(texts, name+event.DidYouMean(name, loaded))
		}
	}
	return texts
}

// Args are the arguments of one plugin. Asking for one declares it: NAME:help
// lists what was asked for, and an argument that nobody asked for is an error.
type Args struct {
	plugin string
	list   []Arg
	decl   []declaration
	open   bool // arguments were taken as a list: none is unknown
	errs   []error
}

type declaration struct{ key, def, doc string }

// All is every argument as given, for plugins that read them themselves.
func (a *Args) All() []Arg { a.open = true; return slices.Clone(a.list) }

func (a *Args) find(key, def, doc string) (Arg, bool) {
	a.decl = append(a.decl, declaration{key, def, doc})
	for i := len(a.list) - 1; i >= 0; i-- { // the last one given counts
		if a.list[i].Key == key {
			return a.list[i], true
		}
	}
	return Arg{}, false
}

// String returns a text argument or its default.
func (a *Args) String(key, def, doc string) string {
	if v, ok := a.find(key, def, doc); ok {
		return v.Value
	}
	return def
}

// Uint returns a number (decimal or 0x hexadecimal) or its default.
func (a *Args) Uint(key string, def uint64, doc string) uint64 {
	v, ok := a.find(key, strconv.FormatUint(def, 10), doc)
	if !ok {
		return def
	}
	n, err := strconv.ParseUint(v.Value, 0, 64)
	if err != nil {
		a.errs = append(a.errs, fmt.Errorf("argument %s=%s is not a number", key, v.Value))
	}
	return n
}

// Required returns a text argument that must be given.
func (a *Args) Required(key, doc string) string {
	v, ok := a.find(key, "", doc+" (required)")
	if !ok || v.Flag {
		a.errs = append(a.errs, fmt.Errorf("argument %s is missing: %s", key, doc))
	}
	return v.Value
}

// OneOf returns an argument that is one of a few words, the first by default.
func (a *Args) OneOf(key string, words []string, doc string) string {
	v, ok := a.find(key, words[0], doc+": "+strings.Join(words, ", "))
	switch {
	case !ok:
		return words[0]
	case !slices.Contains(words, v.Value):
		a.errs = append(a.errs, fmt.Errorf("argument %s=%s%s: it is one of %s", key, v.Value, event.DidYouMean(v.Value, words), strings.Join(words, ", ")))
	}
	return v.Value
}

// Bool returns a flag: false when absent, true for "flag" and "flag=true".
func (a *Args) Bool(key, doc string) bool {
	v, ok := a.find(key, "false", doc)
	if !ok || v.Flag {
		return ok
	}
	b, err := strconv.ParseBool(v.Value)
	if err != nil {
		a.errs = append(a.errs, fmt.Errorf("argument %s=%s is neither true nor false", key, v.Value))
	}
	return b
}

// HelpRequested is the error of a plugin that was loaded as NAME:help.
type HelpRequested struct{ Text string }

func (h *HelpRequested) Error() string { return h.Text }

// wantsHelp reports whether the plugin was loaded as NAME:help.
func (a *Args) wantsHelp() bool { return wantsHelp(a.list) }

// Check reports a mistake in the arguments, or that only help was asked for. A
// plugin calls it when it has asked for all of its arguments and before it makes
// files; after Init it is done in any case.
func (a *Args) Check() error {
	if a.wantsHelp() {
		return &HelpRequested{a.help()}
	}
	if len(a.errs) > 0 {
		return a.errs[0]
	}
	if a.open {
		return nil
	}
	for _, g := range a.list {
		known := a.keys()
		if !slices.Contains(known, g.Key) {
			return fmt.Errorf("no argument %q%s", g.Key, event.DidYouMean(g.Key, known))
		}
	}
	return nil
}

func (a *Args) keys() []string {
	var ks []string
	for _, d := range a.decl {
		ks = append(ks, d.key)
	}
	return ks
}

func (a *Args) help() string {
	s := "plugin " + a.plugin
	if len(a.decl) == 0 {
		return s + " takes no arguments"
	}
	s += ":"
	for _, d := range a.decl {
		s += fmt.Sprintf("\n  %s=%s\t%s", d.key, d.def, d.doc)
	}
	return s
}
