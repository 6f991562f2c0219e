package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"panda/emu/plugin"
)

// skeletons are the files of a new plugin, with {{.}} in place of its name.
//
//go:embed skeleton
var skeletons embed.FS

// goFiles are the files of a plugin in Go, by skeleton; * stands for its name.
var goFiles = [][2]string{{"plugin.go.txt", "*.go"}, {"plugin_test.go.txt", "*_test.go"}, {"README.md.txt", "README.md"}}

var pluginName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

const newPluginDoc = `Makes the skeleton of a plugin: in Go, with a test, in the native folder of panda's
source tree, or with --lua of a script in the current directory. A name is a small
letter, then letters and digits.`

// newPlugin makes the skeleton of a plugin: a package in the native folder of
// panda's source tree, or a script in the current directory.
func newPlugin(out io.Writer, args []string) error {
	script := len(args) > 0 && strings.TrimLeft(args[0], "-") == "lua" && args[0] != "lua"
	if script {
		args = args[1:]
	}
	if len(args) != 1 {
		return errors.New("new-plugin wants one name, after --lua for a script")
	}
	name := args[0]
	if !pluginName.MatchString(name) {
		return fmt.Errorf("new-plugin: %q is no name for a plugin: a small letter, then letters and digits", name)
	}
	if slices.ContainsFunc(plugin.Registered(), func(i plugin.Info) bool { return i.Name == name }) {
		return fmt.Errorf("new-plugin: there is a plugin %s already", name)
	}
	if script {
		return writeSkeleton(out, "script.lua.txt", name+".lua", name)
	}
	return newNative(out, name)
}

func newNative(out io.Writer, name string) error {
	root, err := sourceTree()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, "native", name)
	if err := os.Mkdir(dir, 0o777); err != nil {
		return fmt.Errorf("new-plugin: %w", err)
	}
	for _, f := range goFiles {
		if err := writeSkeleton(out, f[0], filepath.Join(dir, strings.ReplaceAll(f[1], "*", name)), name); err != nil {
			return err
		}
	}
	return importPlugin(out, filepath.Join(root, "native", "all", "all.go"), name)
}

// sourceTree is the root of panda's source around the current directory.
func sourceTree() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module panda\n")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("new-plugin: a plugin in Go is built into the binary: run this within the source tree of panda, or make a script with --lua")
		}
	}
}

// writeSkeleton writes a file that does not exist yet.
func writeSkeleton(out io.Writer, from, to, name string) error {
	t, err := template.ParseFS(skeletons, "skeleton/"+from)
	if err != nil {
		return fmt.Errorf("new-plugin: %w", err)
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("new-plugin: %w", err)
	}
	fmt.Fprintln(out, to)
	return errors.Join(t.Execute(f, name), f.Close())
}

// importPlugin adds a plugin to the list of those that are built in, which is in
// order.
func importPlugin(out io.Writer, list, name string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return fmt.Errorf("new-plugin: %w", err)
	}
	line := fmt.Sprintf("\t_ \"panda/native/%s\"\n", name)
	lines := slices.Collect(strings.Lines(string(text)))
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "\t_ \"") && l > line || l == ")\n" })
	if i < 0 {
		return fmt.Errorf("new-plugin: %s has no list of imports", list)
	}
	lines = slices.Insert(lines, i, line)
	fmt.Fprintln(out, list)
	return os.WriteFile(list, []byte(strings.Join(lines, "")), 0o666)
}
