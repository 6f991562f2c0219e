package prompt

import (
	"fmt"
	"io/fs"
	"strings"
	"text/tabwriter"

	"panda/emu/event"
	"panda/emu/plugin"
	"panda/lua"
	"panda/scripts"
)

// topic is a row of info.
type topic struct {
	name string
	do   func(s *session, args string) error
}

var topics = []topic{
	{"breakpoints", infoBreakpoints},
	{"events", infoEvents},
	{"fields", infoFields},
	{"maps", cmdMaps},
	{"modules", infoModules},
	{"plugins", infoPlugins},
	{"registers", cmdRegs},
	{"scripts", infoScripts},
	{"signals", infoSignals},
	{"subscriptions", infoSubscriptions},
	{"symbols", infoSymbols},
	{"threads", infoThreads},
}

// Topics are what the command info tells about.
func Topics() (names []string) {
	for _, t := range topics {
		names = append(names, t.name)
	}
	return names
}

// infoFields lists what by=, value= and when= may name, of one event or of all.
func infoFields(s *session, args string) error {
	if args == "" {
		for _, f := range event.Fields {
			fmt.Fprintf(s.out, "%-10s %s (%s)\n", f.Name, f.Doc, f.Classes)
		}
		return nil
	}
	k, err := event.ParseKind(args)
	if err != nil {
		return err
	}
	for _, f := range lua.FieldsOf(k) {
		fmt.Fprintf(s.out, "%-10s %s\n", f.Name, f.Doc)
	}
	return nil
}

// infoModules lists the files that are mapped, with where they begin and end.
func infoModules(s *session, args string) error {
	for _, m := range lua.ListModules(s.host.Core().Regions()) {
		if strings.Contains(m.Path, args) {
			fmt.Fprintf(s.out, "%012x-%012x %s\n", uint64(m.Start), uint64(m.End), m.Path)
		}
	}
	return nil
}

// infoSymbols lists the symbols that begin with a text.
func infoSymbols(s *session, args string) error {
	const most = 200
	for i, name := range s.host.Symbols(args) {
		if i == most {
			fmt.Fprintf(s.out, "(the first %d)\n", most)
			break
		}
		if a, ok := s.host.Core().Lookup(name); ok {
			fmt.Fprintf(s.out, "%#x %s\n", uint64(a), name)
		}
	}
	return nil
}

func cmdInfo(s *session, args string) error {
	name, rest, _ := strings.Cut(args, " ")
	var found []topic
	for _, t := range topics {
		if name != "" && strings.HasPrefix(t.name, name) {
			found = append(found, t)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("info about what? %s%s", strings.Join(Topics(), ", "), event.DidYouMean(name, Topics()))
	}
	return found[0].do(s, strings.TrimSpace(rest))
}

func infoEvents(s *session, args string) error {
	rows, err := event.Glob(args)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\n", r.Name, r.Doc)
	}
	return t.Flush()
}

func infoPlugins(s *session, _ string) error {
	for i, l := range s.m.Plugins().List() {
		fmt.Fprintf(s.out, "%3d  %-20s %s\n", i, l.Name, l.Path)
	}
	return nil
}

func infoScripts(s *session, _ string) error {
	files, err := fs.Glob(scripts.FS, "*.lua")
	for _, f := range files {
		fmt.Fprintf(s.out, "%-20s %s\n", strings.TrimSuffix(f, ".lua"), scripts.Summary(scripts.FS, f))
	}
	return err
}

// infoSubscriptions tells of every callback whether and how often it fired.
func infoSubscriptions(s *session, _ string) error {
	for _, sub := range s.host.Subscriptions() {
		fmt.Fprintf(s.out, "%-12s %s\n", sub.Owner.Name, sub.Explain())
	}
	return nil
}

// infoThreads lists the guest's threads, the running one marked.
func infoThreads(s *session, _ string) error {
	if s.done {
		return errEnded
	}
	m := s.m.CPU().Machine
	threads := s.host.Threads()
	if len(threads) == 0 {
		threads = []plugin.Thread{{TID: m.Thread, PID: m.Process, Comm: m.Comm, PC: s.m.CPU().PC(), State: "running"}}
	}
	for _, t := range threads {
		mark := " "
		if t.TID == m.Thread {
			mark = "*"
		}
		fmt.Fprintf(s.out, "%s process %d %s, thread %d at %s, %s\n", mark, t.PID, t.Comm, t.TID, s.place(t.PC), strings.TrimSpace(t.State+" "+t.Call))
	}
	return nil
}
