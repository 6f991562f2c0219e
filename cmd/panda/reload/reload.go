// Package reload loads scripts again when their files have changed.
package reload

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"panda/emu/plugin"
)

// Script loads the file of a script again, with the arguments that it had. A file
// that does not compile leaves the old script at work.
func Script(m *plugin.Manager, l *plugin.Loaded) error {
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

// Watch reloads the scripts that are loaded now when their files change,
// until stop is called. do runs a function on the machine's goroutine.
func Watch(m *plugin.Manager, do func(func()), tell func(format string, a ...any)) (stop func()) {
	w := NewWatcher(m, tell)
	return Every(300*time.Millisecond, func() {
		for _, path := range w.Changed() {
			do(func() { w.Reload(path) })
		}
	})
}

// Every calls look again and again, in a goroutine of its own, until stop is called.
func Every(period time.Duration, look func()) (stop func()) {
	end := make(chan struct{})
	go func() {
		t := time.NewTicker(period)
		defer t.Stop()
		for {
			select {
			case <-end:
				return
			case <-t.C:
				look()
			}
		}
	}()
	return func() { close(end) }
}

// Watcher remembers the files of scripts as they were last seen.
type Watcher struct {
	m    *plugin.Manager
	tell func(format string, a ...any)
	seen map[string]time.Time
}

// NewWatcher makes one of the scripts that are loaded now. tell is told what has been
// loaded again, and what cannot be.
func NewWatcher(m *plugin.Manager, tell func(format string, a ...any)) *Watcher {
	w := &Watcher{m: m, tell: tell, seen: map[string]time.Time{}}
	for _, l := range m.List() {
		if filepath.Ext(l.Path) == ".lua" {
			w.seen[l.Path] = ModTime(l.Path)
		}
	}
	return w
}

// ModTime is zero for a file that is not there: an embedded script, or one that
// is being written.
func ModTime(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// Changed are the files that have changed since they were last looked at.
func (w *Watcher) Changed() (paths []string) {
	for path, old := range w.seen {
		if now := ModTime(path); !now.IsZero() && !now.Equal(old) {
			w.seen[path] = now
			paths = append(paths, path)
		}
	}
	return paths
}

// Reload loads the script of a file again.
func (w *Watcher) Reload(path string) {
	for _, l := range w.m.List() {
		if l.Path != path {
			continue
		}
		if err := Script(w.m, l); err != nil {
			w.tell("%v", err)
		} else {
			w.tell("reloaded %s", path)
		}
	}
}
