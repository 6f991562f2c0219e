package prompt

import (
	"fmt"
	"slices"
	"strings"

	"panda/emu/event"
)

// setting is a row of what :set changes. The first value is the default.
type setting struct {
	name   string
	values []string
	doc    string
	set    func(s *session, value string)
}

var settingTable = []setting{
	{"context", []string{"full", "short", "off"}, "what is shown when the guest stops", nil},
	{"color", []string{"auto", "on", "off"}, "colours; auto: on a terminal, unless NO_COLOR is set", func(s *session, v string) {
		s.style = style{v == "on" || v == "auto" && s.Colors}
	}},
}

func findSetting(name string) (*setting, error) {
	var names []string
	for i := range settingTable {
		if settingTable[i].name == name {
			return &settingTable[i], nil
		}
		names = append(names, settingTable[i].name)
	}
	return nil, fmt.Errorf("no setting %q%s", name, event.DidYouMean(name, names))
}

// setting is the value of one that exists.
func (s *session) setting(name string) string {
	if v, ok := s.settings[name]; ok {
		return v
	}
	row, err := findSetting(name)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return row.values[0]
}

func cmdSet(s *session, args string) error {
	name, value, _ := strings.Cut(args, " ")
	if name == "" {
		for _, r := range settingTable {
			fmt.Fprintf(s.out, "%-8s %-6s one of %s: %s\n", r.name, s.setting(r.name), strings.Join(r.values, " "), r.doc)
		}
		return nil
	}
	r, err := findSetting(name)
	if err != nil {
		return err
	}
	if value = strings.TrimSpace(value); !slices.Contains(r.values, value) {
		return fmt.Errorf("%s is one of %s", name, strings.Join(r.values, ", "))
	}
	if s.settings == nil {
		s.settings = map[string]string{}
	}
	s.settings[name] = value
	if r.set != nil {
		r.set(s, value)
	}
	return nil
}
