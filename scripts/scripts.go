// Package scripts holds the analyses that come with panda, one Lua file each.
package scripts

import (
	"bufio"
	"embed"
	"io/fs"
	"strings"
)

// FS holds NAME.lua for each script.
//
//go:embed *.lua
var FS embed.FS

// Head are the arguments and the example of a script's head.
func Head(dir fs.FS, file string) (lines []string) {
	text, err := fs.ReadFile(dir, file)
	if err != nil {
		return nil
	}
	keep := false
	for line := range strings.Lines(string(text)) {
		line, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "-- ")
		if !ok {
			break
		}
		if head := strings.HasPrefix(line, "Arguments:") || strings.HasPrefix(line, "Example:"); head || !strings.HasPrefix(line, " ") {
			keep = head
		}
		if keep {
			lines = append(lines, line)
		}
	}
	return lines
}

// Summary is the first comment line of a script, without its name.
func Summary(dir fs.FS, file string) string {
	f, err := dir.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n')
	line = strings.TrimSpace(strings.TrimLeft(line, "- "))
	_, text, ok := strings.Cut(line, ": ")
	if !ok {
		return line
	}
	return text
}
