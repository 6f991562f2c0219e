package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/peterh/liner"

	"panda/emu/event"
	"panda/emu/plugin"
	"panda/scripts"
)

// newLineReader edits lines on a terminal and takes them as they are from
// anything else, where it repeats each after its prompt: the output is then a
// transcript.
func newLineReader(s *session, in *os.File, out io.Writer) lineReader {
	st, err := in.Stat()
	if err != nil || st.Mode()&os.ModeCharDevice == 0 || in != os.Stdin || !liner.TerminalSupported() {
		return &plainLines{bufio.NewScanner(in), out}
	}
	t := &terminal{State: liner.NewLiner(), history: historyFile()}
	t.SetCtrlCAborts(true)
	t.SetTabCompletionStyle(liner.TabPrints)
	t.SetWordCompleter(s.complete)
	if f, err := os.Open(t.history); err == nil {
		t.ReadHistory(f)
		f.Close()
	}
	return t
}

type plainLines struct {
	in  *bufio.Scanner
	out io.Writer
}

func (p *plainLines) Line(prompt string) (string, error) {
	if !p.in.Scan() {
		if err := p.in.Err(); err != nil {
			return "", err
		}
		return "", io.EOF
	}
	fmt.Fprintf(p.out, "%s%s\n", prompt, p.in.Text())
	return p.in.Text(), nil
}

func (p *plainLines) Close() {}

// terminal is liner with a history file.
type terminal struct {
	*liner.State
	history string
}

func (t *terminal) Line(prompt string) (string, error) {
	line, err := t.Prompt(prompt)
	if errors.Is(err, liner.ErrPromptAborted) {
		return "", errAborted
	}
	if err == nil && strings.TrimSpace(line) != "" {
		t.AppendHistory(line)
	}
	return line, err
}

func (t *terminal) Close() {
	if t.history != "" && os.MkdirAll(filepath.Dir(t.history), 0o700) == nil {
		if f, err := os.OpenFile(t.history, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err == nil {
			t.WriteHistory(f)
			f.Close()
		}
	}
	t.State.Close()
}

// historyFile is panda/history under $XDG_STATE_HOME; empty when there is no
// home for it.
func historyFile() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "panda", "history")
}

// complete offers what may stand for the word before pos.
func (s *session) complete(line string, pos int) (head string, words []string, tail string) {
	head, tail = line[:pos], line[pos:]
	start := strings.LastIndexFunc(head, func(r rune) bool { return !isWordRune(r) }) + 1
	word := head[start:]
	head = head[:start]
	var all []string
	if name, ok := strings.CutPrefix(word, ":"); ok && head == "" {
		head, word, all = ":", name, commandNames()
	} else {
		all = s.candidates(head, word)
	}
	for _, w := range all {
		if strings.HasPrefix(w, word) {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	return head, slices.Compact(words), tail
}

func isWordRune(r rune) bool {
	return strings.ContainsRune("_.:!$", r) || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func (s *session) candidates(head, word string) []string {
	if strings.HasSuffix(head, `"`) || strings.HasSuffix(head, "'") {
		return event.Names()
	}
	if c, _, ok := s.findCommand(strings.TrimSpace(head)); ok {
		return s.argCandidates(c.complete, word)
	}
	words := s.lua.Complete(word)
	if head == "" {
		words = append(words, commandNames()...)
	}
	return words
}

func (s *session) argCandidates(what, word string) []string {
	var ns []string
	switch what {
	case "registers":
		return s.m.CPU().Machine.Arch.Names
	case "topics":
		for _, t := range topics {
			ns = append(ns, t.name)
		}
	case "commands":
		return append(commandNames(), event.Names()...)
	case "loaded":
		for _, l := range s.m.Plugins().List() {
			ns = append(ns, l.Name)
		}
	case "plugins":
		for _, p := range plugin.Registered() {
			ns = append(ns, p.Name)
		}
		files, _ := fs.Glob(scripts.FS, "*.lua")
		for _, f := range files {
			ns = append(ns, strings.TrimSuffix(f, ".lua"))
		}
	case "symbols":
		if l, ok := s.m.(symbolLister); ok {
			ns = l.Symbols(word)
		}
		for _, r := range s.m.CPU().Machine.Arch.Names {
			ns = append(ns, "$"+r)
		}
	}
	return ns
}

// symbolLister is a machine that can list the symbols that begin with a text.
type symbolLister interface{ Symbols(prefix string) []string }
