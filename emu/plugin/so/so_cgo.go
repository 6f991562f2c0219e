//go:build cgo && linux && so

package so

import (
	"fmt"
	"os"
	"path/filepath"
	goplugin "plugin"

	"panda/emu/plugin"
)

func init() { plugin.RegisterLoader(loader{}) }

// loader opens panda_NAME.so.
type loader struct{}

// Ext is the file ending.
func (loader) Ext() string { return ".so" }

// File is the name of a plugin's file.
func (loader) File(name string) string { return "panda_" + name + ".so" }

// Dirs is the directory of the binary.
func (loader) Dirs() []string {
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{filepath.Dir(exe)}
}

// Open opens the file; its content is the dynamic linker's business.
func (loader) Open(path string, _ []byte) (plugin.Plugin, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	p, err := goplugin.Open(abs)
	if err != nil {
		return nil, fmt.Errorf("%w (it must be built with the same Go, flags and packages as this panda; see native/example/README.md)", err)
	}
	sym, err := p.Lookup("New")
	if err != nil {
		return nil, fmt.Errorf("%s has no function New() plugin.Plugin: %w", path, err)
	}
	create, ok := sym.(func() plugin.Plugin)
	if !ok {
		return nil, fmt.Errorf("New in %s is a %T and no func() plugin.Plugin", path, sym)
	}
	return create(), nil
}
