package syntax

import (
	"errors"
	"fmt"
	"strings"

	glua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// Error is a chunk that does not compile.
type Error struct {
	File string
	Line int
	Msg  string
	Near string
	// Incomplete says that the text ends where more must follow: a REPL asks on.
	Incomplete bool
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	if e.Near != "" {
		s += fmt.Sprintf(" near '%s'", e.Near)
	}
	return s
}

// Limits bound what source text may take.
type Limits struct {
	Size int // in bytes
	// Ended says why the call in progress has to end, "" if it need not.
	Ended func() string
}

// Compile makes a function of source text. limits is nil when there are none.
func Compile(name, src string, h *Helpers, limits *Limits) (*glua.FunctionProto, error) {
	if limits != nil && len(src) > limits.Size {
		return nil, &Error{File: name, Line: 1, Msg: fmt.Sprintf("chunk of %d bytes is too large: the limits of scripts allow %d", len(src), limits.Size)}
	}
	text, err := prelex(name, src)
	if err != nil {
		return nil, err
	}
	chunk, err := parse.Parse(&reader{limits, strings.NewReader(text)}, name)
	if err != nil {
		return nil, readable(name, text, err)
	}
	if err := checkDepth(name, chunk, limits != nil); err != nil {
		return nil, err
	}
	consts := rewrite(chunk, h, limits != nil)
	proto, err := glua.Compile(chunk, name)
	if err != nil {
		return nil, readable(name, text, err)
	}
	putConstants(proto, consts)
	return proto, nil
}

// reader ends the parser when the limits have ended the call in progress: a tree
// may take hundreds of times the memory of its text. The parser takes a panic for
// its error.
type reader struct {
	limits *Limits
	text   *strings.Reader
}

func (r *reader) Read(b []byte) (int, error) {
	if r.limits != nil {
		if why := r.limits.Ended(); why != "" {
			panic(errors.New(why))
		}
	}
	return r.text.Read(b)
}

// putConstants puts the constants in the places of their stand-ins.
func putConstants(p *glua.FunctionProto, consts map[glua.LNumber]glua.LValue) {
	for i, c := range p.Constants {
		if n, ok := c.(glua.LNumber); ok {
			if v, ok := consts[n]; ok {
				p.Constants[i] = v
			}
		}
	}
	for _, f := range p.FunctionPrototypes {
		putConstants(f, consts)
	}
}

// readable is an error of the parser or the compiler as ours.
func readable(name, text string, err error) error {
	var pe *parse.Error
	var ce *glua.CompileError
	switch {
	case errors.As(err, &pe) && pe.Pos.Line == parse.EOF:
		return &Error{
			File: name, Line: 1 + strings.Count(strings.TrimRight(text, "\n"), "\n"),
			Msg: message(pe.Message), Near: "<eof>", Incomplete: true,
		}
	case errors.As(err, &pe):
		return &Error{
			File: name, Line: pe.Pos.Line, Msg: message(pe.Message), Near: pe.Token,
			Incomplete: strings.HasPrefix(pe.Message, "unterminated multiline") || strings.HasPrefix(pe.Message, "invalid multiline comment"),
		}
	case errors.As(err, &ce):
		return &Error{File: name, Line: ce.Line, Msg: ce.Message}
	}
	return fmt.Errorf("%s: %w", name, err)
}

func message(m string) string {
	m = strings.TrimSpace(strings.ToLower(m[:1]) + m[1:])
	return strings.Replace(strings.TrimPrefix(m, "syntax error: "), "parse error", "syntax error", 1)
}
