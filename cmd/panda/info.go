package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"panda/emu/linux/abi"
	"panda/emu/rr"
)

const infoDoc = "Says what a recording is of: the machine, the program, what came from the world, how it ends."

// info is panda info.
func info(out io.Writer, args []string) error {
	rest := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "-json" || a == "--json" })
	asJSON := len(rest) < len(args)
	if i := slices.IndexFunc(rest, func(a string) bool { return strings.HasPrefix(a, "-") }); i >= 0 {
		return usageError{fmt.Errorf("panda info has no option %s, only -json", rest[i])}
	}
	if len(rest) != 1 {
		return usageError{errors.New("usage: panda info [-json] NAME")}
	}
	r, err := openRecording(rest[0])
	if err != nil {
		return err
	}
	defer r.Close()
	c := r.Contents()
	if asJSON {
		return json.NewEncoder(out).Encode(struct {
			File     string
			Size     int64
			Manifest *rr.Manifest
			Summary  *rr.Summary
			Contents *rr.Contents
		}{r.Name, r.Size, &r.Manifest, r.Summary, c})
	}
	_, err = io.WriteString(out, infoText(r, c))
	return err
}

func infoText(r *rr.Recording, c *rr.Contents) string {
	var b strings.Builder
	line := func(name, format string, a ...any) {
		fmt.Fprintf(&b, "%-13s %s\n", name, rr.Printable(fmt.Sprintf(format, a...)))
	}
	m := &r.Manifest
	line("recording", "%s, %s", r.Name, bytesText(r.Size-r.Added))
	if r.Added > 0 {
		line("added", "%d bytes after its end, which are left out", r.Added)
	}
	line("recorded", "%s by panda %s on %s", m.Created.Format(time.RFC3339), m.Panda, m.Host)
	line("guest", "%s, CPU %s, layout %s", m.Arch, m.CPU, m.Layout)
	line("program", "%s", m.Path)
	line("arguments", "%q", rr.Strings(m.Args))
	line("directory", "%s", m.Cwd)
	line("environment", "%d variables", len(m.Env))
	if m.Sandbox {
		line("sandbox", "yes")
	}
	line("instructions", "%s", grouped(c.Instructions))
	line("threads", "%d", c.Threads)
	processLines(line, c.Processes, c.Unlisted)
	line("inputs", "%s", grouped(c.Inputs))
	for _, k := range c.Kinds {
		text := fmt.Sprintf("%10s %s", grouped(k.N), k.Name)
		if k.Bytes > 0 {
			text += ", " + bytesText(int64(k.Bytes))
		}
		line("", "%s", text)
	}
	line("files mapped", "%d", c.Files)
	line("pages", "%s, %s unpacked", grouped(c.Pages), bytesText(int64(c.Pages)*rr.PageSize))
	line("states", "%d", c.States)
	if c.Edits > 0 {
		line("changes", "%d by plugins or at the prompt", c.Edits)
	}
	line("end", "%s", c.End)
	if r.Summary != nil {
		for _, n := range r.Summary.Notes {
			line("note", "%s", n)
		}
		for _, n := range r.Summary.Shared {
			line("shared", "%s, mapped to be written: a replay may go another way if others write to it", n)
		}
	}
	return b.String()
}

// processLines lists the processes of a run.
func processLines(line func(name, format string, a ...any), ps []rr.ProcessInfo, unlisted int) {
	line("processes", "%d", len(ps)+unlisted)
	for i := range ps {
		p := &ps[i]
		end, by := "runs on", ""
		if p.Ended {
			how := fmt.Sprintf("status %d", p.Status)
			if p.Signal != 0 {
				how = abi.SignalName(p.Signal)
			}
			end = fmt.Sprintf("to %s, %s", grouped(p.To), how)
		}
		if p.Parent != 0 {
			by = fmt.Sprintf(", of %d", p.Parent)
		}
		line("", "%d %s, from icount %s, %s%s", p.PID, p.Program, grouped(p.From), end, by)
	}
	if unlisted > 0 {
		line("", "and %s more, which are not listed", grouped(uint64(unlisted)))
	}
}
