package lua

import "panda/emu/plugin"

// Loader opens scripts as plugins.
type Loader struct {
	opts Options
	kept keeper
}

// NewLoader makes a loader of .lua files.
func NewLoader(opts Options) *Loader {
	opts.culprits = new(culprits)
	return &Loader{opts, keeper{}}
}

// Ext is the file ending of scripts.
func (*Loader) Ext() string { return ".lua" }

// Open compiles a script; its Init runs it. The error of a text that does not
// compile begins with file and line.
func (l *Loader) Open(path string, src []byte) (plugin.Plugin, error) {
	s := newState(path, l.opts)
	s.kept, s.source = &l.kept, string(src)
	var err error
	if s.main, err = s.compile(path, string(src)); err != nil {
		return nil, err
	}
	return s, nil
}
