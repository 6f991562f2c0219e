package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"panda/emu/event"
)

// Finder says where plugins that are files lie.
type Finder struct {
	Dirs     []string // searched in order
	Embedded fs.FS    // scripts within the binary
}

// Load loads a plugin by its name: a native one, NAME.lua in the search
// directories, or an embedded script.
func (m *Manager) Load(name string, args []Arg) (*Loaded, error) {
	if info, ok := registry[name]; ok {
		return m.Start(name, "", info.New(), args)
	}
	for _, l := range m.loaders() {
		path, src, err := m.Files.read(l, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("plugin %s: %w", name, err)
		}
		return m.open(l, name, path, src, args)
	}
	return nil, fmt.Errorf("no plugin %q%s; searched the native plugins, %s and the embedded scripts",
		name, event.DidYouMean(name, m.known()), strings.Join(m.Files.Dirs, ", "))
}

// LoadFile loads a plugin from a file.
func (m *Manager) LoadFile(path string, args []Arg) (*Loaded, error) {
	ext := filepath.Ext(path)
	for _, l := range m.loaders() {
		if l.Ext() != ext {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("load plugin: %w", err)
		}
		return m.open(l, pluginName(l, filepath.Base(path)), path, src, args)
	}
	if ext == ".so" {
		return nil, fmt.Errorf("load plugin %s: this static binary loads no shared objects; use panda-cgo (make bin/panda-cgo), build the plugin in (see native/README.md) or write it in Lua", path)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("load plugin: %w", err)
	}
	return nil, fmt.Errorf("load plugin %s: not a .lua file", path)
}

func (m *Manager) open(l Loader, name, path string, src []byte, args []Arg) (*Loaded, error) {
	p, err := l.Open(path, src)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", name, err)
	}
	return m.Start(name, path, p, args)
}

// Filer is a Loader whose files are named and read in its own way.
type Filer interface {
	// File is the name of the file of a plugin, Dirs where it may lie besides the
	// directories that all are searched in.
	File(plugin string) string
	Dirs() []string
}

func (m *Manager) loaders() []Loader { return slices.Concat(m.Loaders, loaders) }

// pluginName is the name of the plugin of a file.
func pluginName(l Loader, file string) string {
	name := strings.TrimSuffix(file, l.Ext())
	if f, ok := l.(Filer); ok {
		prefix := strings.TrimSuffix(f.File(""), l.Ext())
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}

// read finds a plugin's file. Of a Filer's it reads nothing.
func (f *Finder) read(l Loader, name string) (path string, src []byte, err error) {
	file, dirs := name+l.Ext(), f.Dirs
	own, isFiler := l.(Filer)
	if isFiler {
		file, dirs = own.File(name), slices.Concat(dirs, own.Dirs())
	}
	for _, d := range dirs {
		path = filepath.Join(d, file)
		if isFiler {
			_, err = os.Stat(path)
		} else {
			src, err = os.ReadFile(path)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return path, src, err
		}
	}
	if isFiler {
		return "", nil, fs.ErrNotExist
	}
	if f.Embedded == nil {
		return "", nil, fs.ErrNotExist
	}
	src, err = fs.ReadFile(f.Embedded, file)
	return file, src, err
}

func (m *Manager) known() []string {
	var ns []string
	for _, i := range Registered() {
		ns = append(ns, i.Name)
	}
	if m.Files.Embedded != nil {
		files, _ := fs.Glob(m.Files.Embedded, "*.lua")
		for _, f := range files {
			ns = append(ns, strings.TrimSuffix(f, ".lua"))
		}
	}
	return ns
}
