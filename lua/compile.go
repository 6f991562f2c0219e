package lua

import (
	"errors"
	"fmt"
	"strings"

	glua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// SyntaxError is a chunk that does not compile.
type SyntaxError struct {
	File string
	Line int
	Msg  string
	Near string
	// Incomplete says that the text ends where more must follow: a REPL asks on.
	Incomplete bool
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	if e.Near != "" {
		s += fmt.Sprintf(" near '%s'", e.Near)
	}
	return s
}

// compile makes a function of source text. This is the only way that text
// becomes code, so that integers are exact everywhere.
func (s *State) compile(name, src string) (*glua.LFunction, error) {
	if err := s.checkSource(name, src); err != nil {
		return nil, err
	}
	text, err := prelex(name, src)
	if err != nil {
		return nil, err
	}
	chunk, err := parse.Parse(&sourceReader{s, strings.NewReader(text)}, name)
	if err != nil {
		return nil, syntaxError(name, text, err)
	}
	if err := s.checkSyntax(name, chunk); err != nil {
		return nil, err
	}
	consts := s.help.rewrite(chunk, s.guard != nil)
	proto, err := glua.Compile(chunk, name)
	if err != nil {
		return nil, syntaxError(name, text, err)
	}
	putConstants(proto, consts)
	return s.L.NewFunctionFromProto(proto), nil
}

// sourceReader ends the parser when the limits have ended the call in progress: a
// tree may take hundreds of times the memory of its text. The parser takes a panic
// for its error.
type sourceReader struct {
	s    *State
	text *strings.Reader
}

func (r *sourceReader) Read(b []byte) (int, error) {
	if g := r.s.guard; g != nil {
		if why := g.ended(); why != "" {
			panic(errors.New(why))
		}
	}
	return r.text.Read(b)
}

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

func syntaxError(name, text string, err error) error {
	var pe *parse.Error
	var ce *glua.CompileError
	switch {
	case errors.As(err, &pe) && pe.Pos.Line == parse.EOF:
		return &SyntaxError{
			File: name, Line: 1 + strings.Count(strings.TrimRight(text, "\n"), "\n"),
			Msg: message(pe.Message), Near: "<eof>", Incomplete: true,
		}
	case errors.As(err, &pe):
		return &SyntaxError{
			File: name, Line: pe.Pos.Line, Msg: message(pe.Message), Near: pe.Token,
			Incomplete: strings.HasPrefix(pe.Message, "unterminated multiline") || strings.HasPrefix(pe.Message, "invalid multiline comment"),
		}
	case errors.As(err, &ce):
		return &SyntaxError{File: name, Line: ce.Line, Msg: ce.Message}
	}
	return fmt.Errorf("%s: %w", name, err)
}

func message(m string) string {
	m = strings.TrimSpace(strings.ToLower(m[:1]) + m[1:])
	return strings.Replace(strings.TrimPrefix(m, "syntax error: "), "parse error", "syntax error", 1)
}
