package event

import (
	"fmt"
	"strings"

	"panda/emu/vcpu"
)

// String prints a filter as its keys and values.
func (f *Filter) String() string {
	var parts []string
	add := func(key string, list []string) {
		if len(list) > 0 {
			parts = append(parts, key+"="+strings.Join(list, "|"))
		}
	}
	add("pc", rangeTexts(f.PC))
	if f.Bytes != nil {
		parts = append(parts, "bytes="+f.Bytes.String())
	}
	add("mnemonic", f.Mnemonic)
	add("class", classNames(f.Class))
	add("symbol", f.Symbol)
	add("module", f.Module)
	add("addr", rangeTexts(f.Addr))
	if f.Size != 0 {
		parts = append(parts, fmt.Sprintf("size=%d", f.Size))
	}
	add("name", f.Names)
	for _, n := range f.Numbers {
		parts = append(parts, fmt.Sprintf("number=%d", n))
	}
	add("process", f.Process)
	for _, n := range f.Thread {
		parts = append(parts, fmt.Sprintf("thread=%d", n))
	}
	if f.When != nil {
		parts = append(parts, fmt.Sprintf("when=%q", f.When.Text))
	}
	if f.Every > 1 {
		parts = append(parts, fmt.Sprintf("every=%d", f.Every))
	}
	if f.Limit > 0 {
		parts = append(parts, fmt.Sprintf("limit=%d", f.Limit))
	}
	return strings.Join(parts, " ")
}

func classNames(cs []vcpu.Class) (names []string) {
	for _, c := range cs {
		names = append(names, c.String())
	}
	return names
}

func rangeTexts(rs []Range) []string {
	var ts []string
	for _, r := range rs {
		switch {
		case r.Lo == 0 && r.Hi == ^r.Lo: // everywhere
		case r.Hi == r.Lo+1:
			ts = append(ts, fmt.Sprintf("%#x", uint64(r.Lo)))
		default:
			ts = append(ts, fmt.Sprintf("%#x-%#x", uint64(r.Lo), uint64(r.Hi)))
		}
	}
	return ts
}

// String prints a pattern as ParsePattern reads it.
func (p Pattern) String() string {
	var alts []string
	for _, b := range p {
		var s []string
		for i, v := range b.val {
			if b.mask[i] == 0 {
				s = append(s, "??")
			} else {
				s = append(s, fmt.Sprintf("%02x", v))
			}
		}
		alts = append(alts, strings.Join(s, " "))
	}
	return strings.Join(alts, " | ")
}

// Explain says in a line what became of a subscription, and of one that never
// fired why.
func (s *Sub) Explain() string {
	head := s.Kind.String()
	if f := s.Filter.String(); f != "" {
		head += " " + f
	}
	hits := s.Hits
	if s.Counter != nil {
		hits = *s.Counter
	}
	switch {
	case s.Failed != nil:
		return fmt.Sprintf("%s: disabled after %d hits by an error: %s", head, hits, strings.SplitN(s.Failed.Error(), "\n", 2)[0])
	case hits == 0 && s.CounterAt != nil && s.Matches > 0:
		return fmt.Sprintf("%s: counts in translated code at %d places", head, s.Matches)
	case hits == 0:
		return head + ": never fired: " + s.why()
	case !s.Active():
		return fmt.Sprintf("%s: %d hits, disabled now", head, hits)
	case s.Matches > 0:
		return fmt.Sprintf("%s: %d hits at %d places", head, hits, s.Matches)
	}
	return fmt.Sprintf("%s: %d hits", head, hits)
}

// why guesses why a subscription did not fire.
func (s *Sub) why() string {
	f := s.Filter
	place := f.PC != nil || f.Bytes != nil || f.Mnemonic != nil || f.Class != nil || f.Symbol != nil || f.Module != nil
	switch {
	case !s.Active():
		return "it is disabled"
	case s.Matches > 0 && (f.Addr != nil || f.Size != 0):
		return fmt.Sprintf("%d instructions could have, none of their accesses touched the address or had the size", s.Matches)
	case s.Matches > 0 && f.Dynamic():
		return fmt.Sprintf("%d places match, but not the process, thread or condition when they ran", s.Matches)
	case s.Matches > 0:
		return fmt.Sprintf("%d places were translated and never ran", s.Matches)
	case f.Bytes != nil:
		return "no instruction that begins with these bytes was translated"
	case f.Symbol != nil:
		return "no symbol of this name was reached; names are those of the files' symbol tables"
	case place:
		return "no instruction that matches was translated"
	case s.Kind == ProcessStart && f.Names == nil:
		return "no program was loaded by execve; the first one is there before plugins are"
	case f.Names != nil || f.Numbers != nil:
		return "nothing of this name or number occurred"
	}
	return "the event did not occur"
}
