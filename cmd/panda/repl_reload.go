package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"panda/emu/plugin"
)

// reload loads the file of a script anew, with the arguments that it had. A file
// that does not compile leaves the old script at work.
func reload(m *plugin.Manager, l *plugin.Loaded) error {
	if l.Path == "" {
		return fmt.Errorf("plugin %s has no file", l.Name)
	}
	src, err := os.ReadFile(l.Path)
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	for _, loader := range m.Loaders {
		if loader.Ext() != filepath.Ext(l.Path) {
			continue
		}
		p, err := loader.Open(l.Path, src)
		if err != nil {
			return fmt.Errorf("reload: %w", err)
		}
		args := l.Host.Args().All()
		if err := m.Unload(l); err != nil {
			return err
		}
		_, err = m.Start(l.Name, l.Path, p, args)
		return err
	}
	return fmt.Errorf("plugin %s is no script", l.Name)
}

// watchScripts reloads scripts whose files change, until stop is called. do runs
// a function on the machine's goroutine.
func watchScripts(m *plugin.Manager, do func(func()), tell func(format string, a ...any)) (stop func()) {
	end := make(chan struct{})
	go func() {
		seen := map[string]time.Time{}
		t := time.NewTicker(300 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-end:
				return
			case <-t.C:
				do(func() { reloadChanged(m, seen, tell) })
			}
		}
	}()
	return func() { close(end) }
}

// reloadChanged notes the scripts that it sees for the first time.
func reloadChanged(m *plugin.Manager, seen map[string]time.Time, tell func(format string, a ...any)) {
	for _, l := range m.List() {
		if filepath.Ext(l.Path) != ".lua" {
			continue
		}
		info, err := os.Stat(l.Path)
		if err != nil {
			continue // an embedded script, or one that is being written
		}
		old, known := seen[l.Path]
		if seen[l.Path] = info.ModTime(); !known || old.Equal(info.ModTime()) {
			continue
		}
		if err := reload(m, l); err != nil {
			tell("%v", err)
		} else {
			tell("reloaded %s", l.Path)
		}
	}
}
