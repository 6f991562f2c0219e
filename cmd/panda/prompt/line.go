package prompt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/peterh/liner"
	"golang.org/x/sys/unix"

	"panda/emu/event"
	"panda/emu/plugin"
	"panda/lua"
	"panda/scripts"
)

// newLineReader edits lines on a terminal and takes them as they are from
// anything else, where it repeats each after its prompt: the output is then a
// transcript.
func newLineReader(s *session, in *os.File, out io.Writer) lineReader {
	st, err := in.Stat()
	plain := &plainLines{in: bufio.NewScanner(in), out: out}
	if err != nil || st.Mode()&os.ModeCharDevice == 0 || in != os.Stdin {
		return plain
	}
	guest, err := liner.TerminalMode()
	if err != nil {
		return plain
	}
	if !liner.TerminalSupported() {
		plain.typed = true
		return plain
	}
	t := &terminal{State: liner.NewLiner(), history: historyFile(), guest: guest}
	if t.ours, err = liner.TerminalMode(); err != nil {
		t.ours = guest
	}
	t.typing, _ = unix.IoctlGetTermios(0, unix.TCGETS)
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
	in    *bufio.Scanner
	out   io.Writer
	typed bool // at a terminal, which shows what is typed
}

func (p *plainLines) Line(prompt string) (string, error) {
	if p.typed {
		fmt.Fprint(p.out, prompt)
	}
	if !p.in.Scan() {
		if err := p.in.Err(); err != nil {
			return "", err
		}
		return "", io.EOF
	}
	if !p.typed {
		fmt.Fprintf(p.out, "%s%s\n", prompt, p.in.Text())
	}
	return p.in.Text(), nil
}

func (p *plainLines) Close() {}

func (p *plainLines) Restore() {}

func (p *plainLines) Guest(bool) {}

// terminal is liner with a history file.
type terminal struct {
	*liner.State
	history     string
	guest, ours liner.ModeApplier // as the guest left it, at first as it was found, and as liner wants it
	typing      *unix.Termios     // as ours, with Ctrl-C as a character
}

// Guest gives the guest the terminal as it had it: with its own echo and lines. A
// terminal that is gone shows at the next prompt.
func (t *terminal) Guest(runs bool) {
	if runs {
		_ = t.guest.ApplyMode()
		return
	}
	if mode, err := liner.TerminalMode(); err == nil {
		t.guest = mode
	}
	_ = t.ours.ApplyMode()
}

// Restore is Close without a history.
func (t *terminal) Restore() { _ = t.State.Close() }

// Line makes Ctrl-C a character before the prompt is shown, where liner does it
// after: who sees the prompt may press it.
func (t *terminal) Line(prompt string) (string, error) {
	if t.typing != nil {
		t.typing.Lflag &^= unix.ISIG
		_ = unix.IoctlSetTermios(0, unix.TCSETS, t.typing)
		defer func() { _ = t.ours.ApplyMode() }()
	}
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
	if c, _, ok := s.findCommand(strings.TrimSpace(head)); ok {
		return s.argCandidates(c.complete, strings.TrimSpace(head), word)
	}
	if ws := tableCandidates(head); ws != nil {
		return ws
	}
	words := s.lua.Complete(word)
	if head == "" {
		words = append(words, commandNames()...)
	}
	return words
}

var (
	inText     = regexp.MustCompile(`(\w*)\s*(=\s*\{?|[(,])\s*("[^"]*"\s*,\s*)*["']$`)
	inTable    = regexp.MustCompile(`\{([^{}]|\{[^{}]*\})*$`)
	eventNamed = regexp.MustCompile(`["']([a-z_]+)["']`)
)

// tableCandidates completes a line of Lua within a text that names an event or
// a field, and within a table that declares a filter or an aggregation.
func tableCandidates(head string) []string {
	kind, known := namedEvent(head)
	if m := inText.FindStringSubmatch(head); m != nil {
		switch {
		case known && (m[1] == "by" || m[1] == "value"):
			return fieldNames(kind)
		case m[1] != "" && m[1] != "on" && strings.HasPrefix(m[2], "="):
			return []string{} // a value that we know nothing about
		}
		return event.Names()
	}
	table := inTable.FindStringIndex(head)
	if table == nil || !strings.ContainsAny(head[len(head)-1:], "{, ") || strings.HasSuffix(strings.TrimSpace(head), "=") {
		return nil
	}
	aggregation := strings.LastIndexAny(strings.TrimRight(head[:table[0]], " "), "(") < strings.LastIndex(head[:table[0]], "panda.")
	switch {
	case aggregation && !known:
		return lua.AggregationKeys()
	case aggregation:
		return append(lua.FilterKeys(kind), lua.AggregationKeys()...)
	case known:
		return lua.FilterKeys(kind)
	}
	return nil
}

// namedEvent is the last event that a text names in quotes.
func namedEvent(text string) (k event.Kind, ok bool) {
	for _, m := range eventNamed.FindAllStringSubmatch(text, -1) {
		if found, err := event.ParseKind(m[1]); err == nil {
			k, ok = found, true
		}
	}
	return k, ok
}

func fieldNames(k event.Kind) (names []string) {
	for _, f := range lua.FieldsOf(k) {
		names = append(names, f.Name)
	}
	return names
}

func (s *session) argCandidates(what, head, word string) []string {
	var ns []string
	switch what {
	case "settings":
		return settingCandidates(strings.Fields(head))
	case "signals":
		return signalCandidates(strings.Fields(head))
	case "registers":
		return s.m.CPU().Machine.Arch.Names
	case "topics":
		return topicCandidates(strings.Fields(head))
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
		ns = s.host.Symbols(word)
		for _, r := range s.m.CPU().Machine.Arch.Names {
			ns = append(ns, "$"+r)
		}
	}
	return ns
}

// settingCandidates completes :set, from the words before: the names of the
// settings, then the values of one.
func settingCandidates(before []string) (ns []string) {
	for _, r := range settingTable {
		if len(before) > 1 && before[1] == r.name {
			return r.values
		}
		ns = append(ns, r.name)
	}
	return ns
}

// topicCandidates completes :info: its topics, then events for those that take
// one.
func topicCandidates(before []string) []string {
	if len(before) > 1 {
		return event.Names()
	}
	return Topics()
}
