package binfmt

import "strings"

// ScriptLine is the beginning of a file, as much as Linux looks at; what the file
// does not have is zero (fs/binfmt_script.c).
type ScriptLine [256]byte

// Parse takes a #! line apart: the name of an interpreter, and the rest as its one
// argument, if there is one, without blanks at the ends. Without a line feed the
// name must be known to be whole.
func (l *ScriptLine) Parse() (args []string, ok bool) {
	const blanks, ends = " \t", " \t\x00"
	last := len(l) - 1
	line := string(l[2:last])
	if head, _, _ := strings.Cut(string(l[2:]), "\x00"); strings.Contains(head, "\n") {
		line, _, _ = strings.Cut(head, "\n")
	} else {
		rest := strings.TrimLeft(string(l[2:]), blanks)
		if rest == "" || !strings.ContainsAny(rest, ends) {
			return nil, false
		}
	}
	line = strings.Trim(line, blanks)
	if line == "" {
		return nil, false
	}
	i := strings.IndexAny(line, ends)
	if i < 0 {
		return []string{line}, true
	}
	args = []string{line[:i]}
	if line[i] != 0 {
		arg, _, _ := strings.Cut(strings.TrimLeft(line[i:], blanks), "\x00")
		args = append(args, arg)
	}
	return args, true
}
